"""The rig's side: what is on its disk, and what happens there. Nothing in here writes below a watched root."""
