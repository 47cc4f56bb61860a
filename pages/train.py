"""Train: the training form, and the run that it started."""

import streamlit as st

from flowcore.ui import fields, frame, launch, session, toolbar, training, watch
from flowcore.ui.words import plain

here = frame.open_graph("Train")
catalog = session.catalog()
run_id = frame.current_run(here)
toolbar.onlooker(here)

form, result = frame.split(1, 2.5)
with form:
    st.subheader(plain(here.graph.name or "Without a name"))
    training.draw(here, catalog)
    launch.draw(here, catalog, run_id)
    launch.earlier(here, run_id)
with result:
    if run_id:
        st.query_params["run"] = run_id
        watch.draw(here, run_id)
    else:
        launch.before(here, catalog)

fields.drawn()
