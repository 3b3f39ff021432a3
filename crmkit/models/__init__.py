"""How we learn: one estimator per file; frames in, frames out; no table, no Ibis."""
