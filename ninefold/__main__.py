"""`python -m ninefold …` is the same as `ninefold …`."""

import sys

from ninefold.cli import main
from ninefold.importing import forget_working_folder

if __name__ == "__main__":
    forget_working_folder()
    sys.exit(main())
