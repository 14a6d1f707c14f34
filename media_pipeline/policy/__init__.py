"""Rules without side effects: what a fact means for what is done next. No SQL, no files, no clock of their own."""
