"""The vaccination card of a person, a vaccination session, and who stays for observation."""
