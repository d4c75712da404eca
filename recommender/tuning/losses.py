"""What is learned: scores of blocks, and the losses on them and on written targets.

Promises: `Objective` is one module whose forward gives the mean loss of a batch, for a causal
and for an encoder–decoder model, so that wrappers for several GPUs see one call; a block's
score is the one that serving gives, hidden state at its end times the row of yes less the
row of no; logits over the vocabulary are made only where a target's token is predicted. It
neither steps nor saves.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional

from recommender.tuning.batches import ScoredBatch, WrittenBatch


class Objective(nn.Module):
    """The loss of a model on a batch. `yes` and `no` are the tokens that serving compares.

    With a `beta` scored batches are pairs, and their loss is that of direct preference
    optimization.
    """

    direction: torch.Tensor  # (d,), the row of yes less the row of no

    def __init__(self, model: Any, yes: int, no: int, beta: float | None = None) -> None:
        super().__init__()
        self.beta = beta
        self.model = model
        self.encoder_decoder = bool(model.config.is_encoder_decoder)
        head = model.get_output_embeddings().weight
        self.register_buffer("direction", (head[yes] - head[no]).detach().float())

    def forward(self, batch: ScoredBatch | WrittenBatch) -> torch.Tensor:
        if not isinstance(batch, ScoredBatch):
            return self._written(batch)
        scores = self.scores(batch)
        if self.beta is None:
            return block_loss(scores, batch.labels, batch.real)
        return preference_loss(margins(scores, batch.labels), batch.reference, self.beta)

    def scores(self, batch: ScoredBatch) -> torch.Tensor:
        """Log-odds of yes at the end of each block; shape (n, k)."""
        if self.encoder_decoder:
            hidden = self._blocks_decoded(batch)  # (n, k, d)
        else:
            states = self.model.get_decoder()(
                input_ids=batch.ids,
                position_ids=batch.positions,
                attention_mask=batch.mask(self.model.dtype),
                use_cache=False,
            ).last_hidden_state  # (n, t, d)
            rows = torch.arange(len(batch.ids), device=batch.ids.device)[:, None]
            hidden = states[rows, batch.ends]
        scores: torch.Tensor = hidden.float() @ self.direction
        return scores

    def _blocks_decoded(self, batch: ScoredBatch) -> torch.Tensor:
        """Encoder–decoder: the prefix is read once by the encoder, each block is a decoding."""
        in_prefix = batch.owner == 0
        longest = int(in_prefix.sum(1).max())
        states = self.model.get_encoder()(
            input_ids=batch.ids[:, :longest], attention_mask=in_prefix[:, :longest].long()
        ).last_hidden_state  # (n, p, d)
        rows, numbers = batch.real.nonzero(as_tuple=True)
        blocks = [
            batch.ids[row, batch.owner[row] == number + 1]
            for row, number in zip(rows.tolist(), numbers.tolist(), strict=True)
        ]
        lengths = torch.tensor([len(block) for block in blocks], device=batch.ids.device)
        ids = nn.utils.rnn.pad_sequence(blocks, batch_first=True)
        begin = torch.full_like(ids[:, :1], self.model.config.decoder_start_token_id)
        decoded = self._decoded(
            torch.cat([begin, ids], dim=1), states[rows], in_prefix[rows, :longest].long()
        )
        last = decoded[torch.arange(len(blocks), device=ids.device), lengths]  # (blocks, d)
        hidden = last.new_zeros((*batch.real.shape, last.shape[-1]))
        return hidden.index_put((rows, numbers), last)

    def _written(self, batch: WrittenBatch) -> torch.Tensor:
        if self.encoder_decoder:
            states = self.model.get_encoder()(
                input_ids=batch.ids, attention_mask=batch.real
            ).last_hidden_state
            begin = torch.full_like(batch.labels[:, :1], self.model.config.decoder_start_token_id)
            given = torch.cat([begin, batch.labels[:, :-1].clamp(min=0)], dim=1)
            hidden, labels = self._decoded(given, states, batch.real), batch.labels
        else:
            hidden = self.model.get_decoder()(
                input_ids=batch.ids, attention_mask=batch.real, use_cache=False
            ).last_hidden_state[:, :-1]
            labels = batch.labels[:, 1:]
        asked = labels >= 0
        logits = self.model.get_output_embeddings()(hidden[asked])  # (asked, vocabulary)
        return functional.cross_entropy(logits.float(), labels[asked])

    def _decoded(self, ids: torch.Tensor, states: torch.Tensor, real: torch.Tensor) -> torch.Tensor:
        hidden: torch.Tensor = self.model.get_decoder()(
            input_ids=ids, encoder_hidden_states=states, encoder_attention_mask=real,
            use_cache=False,
        ).last_hidden_state  # fmt: skip
        if getattr(self.model.config, "scale_decoder_outputs", False):
            # T5 with tied embeddings scales here, outside of its decoder; as serving does.
            hidden = hidden * self.model.config.d_model**-0.5
        return hidden


def block_loss(scores: torch.Tensor, labels: torch.Tensor, real: torch.Tensor) -> torch.Tensor:
    """Softmax over the blocks of an example, or a yes-or-no loss where there is one block.

    The target is a distribution in proportion to the gains 2^grade − 1, as NDCG has them, so
    that several blocks may fit (ListNet, Cao et al., 2007); with one grade of 1 it is plain
    cross-entropy. All of shape (n, k); gives the mean over the examples.
    """
    hidden = scores.masked_fill(~real, float("-inf"))
    gains = torch.exp2(labels) - 1
    shares = gains / gains.sum(1, keepdim=True).clamp(min=1)
    listwise = hidden.logsumexp(1) - (scores * shares).sum(1)
    alone = functional.binary_cross_entropy_with_logits(
        scores[:, 0], labels[:, 0], reduction="none"
    )
    return torch.where(real.sum(1) > 1, listwise, alone).mean()


def margins(scores: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Of pairs, shape (n, 2), the score of the block that fits less that of the other; (n,)."""
    return (scores * (2 * labels - 1)).sum(1)


def preference_loss(margin: torch.Tensor, reference: torch.Tensor, beta: float) -> torch.Tensor:
    """Direct preference optimization (Rafailov et al., arXiv 2305.18290, equation 7).

    A ranker's policy chooses an item with a probability in proportion to the exponential of
    its score, as in the listwise loss. Of two items the logarithm of the ratio of these
    probabilities is the difference of their scores: the sum over all candidates falls out, so
    the loss of a pair needs the two margins alone. Both of shape (n,); gives the mean.
    """
    return -functional.logsigmoid(beta * (margin - reference)).mean()
