"""Reports of people who lack the role to report (報告): a person who has it takes them up. See README.md."""
