"""FHIR DiagnosticReports in, Observations out: R4 (and 4.3) and R5 alike.

What is written uses only elements that both versions have, with the same meaning. Resources are
read as JSON, leniently; the project's tests hold what is written against the models of
``fhir.resources``.
"""
