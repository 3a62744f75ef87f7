"""Headers of radiology reports, and the section that each opens.

Sources: the section names of MIMIC-CXR (Johnson et al., Scientific Data 2019) and of RSNA's report
templates (radreport.org); for Britain the Royal College of Radiologists' standards for reporting
(clinical details, findings, conclusion, advice), for Australia and New Zealand the RANZCR's written
report guideline (clinical details, technique, comparison, findings, comment, conclusion); Indian
and German names ("Opinion", "Adv", "Befund", "Beurteilung") are in use there, as collected by
Lingula's developers.
"""

from __future__ import annotations

BOTH = "findings+impression"
#: Text without a header of its own, or below one that only says that a report begins.
BODY = ""

HEADERS: dict[str, tuple[str, ...]] = {
    "findings": (
        *("findings", "finding", "narrative", "result", "results", "observation", "observations"),
        *("description", "report findings", "radiological findings", "radiologic findings"),
        *("radiographic findings", "imaging findings", "chest findings", "cxr findings"),
        *("detailed findings", "significant findings", "key findings", "positive findings"),
        *("findings in brief", "body of report", "report text", "befund", "befunde"),
    ),
    "impression": (
        *("impression", "impressions", "conclusion", "conclusions", "summary", "opinion"),
        *("overall impression", "final impression", "impression/plan", "imp", "impr", "comment"),
        *("comments", "radiological impression", "radiologic impression", "final conclusion"),
        *("radiological opinion", "radiological diagnosis", "final diagnosis", "assessment"),
        *("impression and recommendation", "impression and recommendations", "beurteilung"),
        *("summary of findings", "conclusion and recommendations", "radiologist opinion"),
    ),
    BOTH: (
        *("findings and impression", "findings & impression", "findings/impression"),
        *("findings / impression", "impression and findings", "impression/findings"),
        *("findings and conclusion", "provisional findings impression", "interpretation"),
        *("findings and opinion", "reading", "radiologist report", "radiology report"),
    ),
    "indication": (
        *("indication", "indications", "history", "clinical history", "clinical indication"),
        *("clinical information", "clinical info", "clinical details", "clinical data"),
        *("patient history", "medical history", "reason", "reason for exam"),
        *("reason for examination", "reason for study", "reason for the exam"),
        *("reason for the examination", "reason for this exam", "reason for this examination"),
        *("indication for exam", "indication for examination", "indication for study"),
        *("clinical question", "history/indication", "indication/history", "clinical notes"),
        *("clinical summary", "clinical background", "clinical diagnosis", "clinical context"),
        *("provisional diagnosis", "presenting complaint", "presenting complaints", "complaints"),
        *("chief complaint", "reason for request", "reason for referral", "request details"),
        *("history of present illness", "past medical history", "relevant history", "pmh", "hpi"),
        *("clinical problem", "klinische angaben", "fragestellung", "indikation"),
    ),
    "comparison": (
        *("comparison", "comparisons", "comparison exam", "comparison exams", "comparison study"),
        *("comparison studies", "comparison film", "comparison films", "prior studies"),
        *("comparison examination", "prior study", "prior exams", "reference exam", "priors"),
        *("previous imaging", "previous studies", "previous study", "previous examinations"),
        *("previous examination", "compared with", "comparison made with", "prior imaging"),
    ),
    "technique": (
        *("technique", "techniques", "projection", "views", "projections", "protocol"),
        *("technical factors", "technical details", "image quality", "technik"),
    ),
    "examination": (
        *("examination", "exam", "study", "procedure", "type of exam", "type of examination"),
        *("exam type", "study type", "exam description", "investigation", "modality", "exam name"),
    ),
    "recommendation": (
        *("recommendation", "recommendations", "advice", "advised", "suggestion", "suggestions"),
        *("adv", "follow up", "follow-up", "management"),
    ),
    "notification": (
        *("notification", "notifications", "communication", "critical results"),
        *("critical result", "communication of results"),
    ),
    "addendum": (
        *("addendum", "addenda", "final addendum", "amendment", "amended report"),
        *("supplementary report", "corrigendum", "addendum report"),
    ),
    "wet read": (
        *("wet read", "wetread", "preliminary report", "preliminary read", "provisional report"),
        *("preliminary interpretation", "preliminary"),
    ),
    BODY: ("final report", "report"),
}
#: Header in lower case -> name of the section that it opens.
SECTION_OF = {header: name for name, headers in HEADERS.items() for header in headers}
