"""``[sheets]`` and what fills them in: the tables, and the checks that compare them with the rest."""
