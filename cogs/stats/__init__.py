"""`/stats`: the figures of a period, and how fairly being on call is shared."""
