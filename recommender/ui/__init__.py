"""The pages. The only room, beside `app.py`, that knows Gradio."""
