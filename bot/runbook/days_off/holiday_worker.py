"""Computing public holidays in a separate process: `python -I holiday_worker.py JP 2020 2039` prints dates.

The package knows the calendars of the whole world, Chinese and Islamic moons included: nine megabytes that
the bot's own process would carry for a few dozen dates.
"""

import sys

import holidays


def main(country: str, first: int, last: int) -> int:
    """Print the holidays of the years *first* to *last*, one ISO date a line; 1 for an unknown country."""
    code, _, subdivision = country.partition("-")
    years = range(first, last + 1)
    try:
        days = holidays.country_holidays(code, subdiv=subdivision or None, years=years)
    except NotImplementedError as error:
        sys.stderr.write(str(error))
        return 1
    sys.stdout.writelines(f"{day.isoformat()}\n" for day in sorted(days))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
