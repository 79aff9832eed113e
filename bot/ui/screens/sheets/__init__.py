"""Command sheets as screens: one topic, what the topics are, and the parts that they share with 📋."""
