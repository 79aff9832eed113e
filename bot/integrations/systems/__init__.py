"""Systems that live checks read, one module each: nothing here changes anything there."""
