"""Radiologists label reports, disagree, and decide; what comes out trains and measures labelers.

``store`` keeps it, ``creation`` begins it, ``agreement`` measures it, ``export`` takes it out.
"""
