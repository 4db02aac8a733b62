"""Telling people who are elsewhere what is wrong with a rig."""
