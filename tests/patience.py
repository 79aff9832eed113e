"""How long a test waits for what must come.

A busy machine is no failure: a story waits longer than anybody would. What is promised within seconds is
asserted by the test that shows it, with the figure of the promise.
"""

from typing import Final

PATIENCE_S: Final = 30.0
