"""The fields of the policy file: types of values, rules, and the error lines of broken rules."""
