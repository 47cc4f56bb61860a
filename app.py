"""Start: examples, this browser's graphs, upload."""

import streamlit as st

from flowcore.ui import frame, gallery, session

frame.begin("Start")
owner = session.owner()

st.title("flowcore")
st.markdown("Build a deep-learning model as a graph, train it, and watch it learn.")

st.subheader("Examples")
gallery.examples(owner)

st.subheader("My graphs")
gallery.mine(owner)

st.subheader("Start your own")
gallery.start(owner)
