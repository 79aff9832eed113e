"""What posts say of an incident's ladder: whom it called with what result, what comes, what to do now.

Also here: the thread's lines about people who pass an alert on or let go.
"""
