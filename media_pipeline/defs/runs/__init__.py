"""The life of a run: started from a terminal, kept alive by a heartbeat, logged, ended when its process is gone."""
