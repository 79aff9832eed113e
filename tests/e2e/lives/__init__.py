"""The random life: what people may do, rule by rule, and what must be true once all has come to rest."""
