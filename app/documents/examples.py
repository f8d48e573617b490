"""Worked examples for the documentation. The people and homes are invented; the postcodes are real."""

from __future__ import annotations

from typing import Any

from app.matching.codes import Adaptation, Disability, NeedDomain, Religion, Risk

NO_KNOWN_RISKS = {str(risk): "No known risk" for risk in Risk}

A_CHILD: dict[str, Any] = {
    "ref": "EXAMPLE-C1",
    "date_of_birth": "2013-05-10",
    "sex": "F",
    "languages": ["en"],
    "cultural_needs": "Not required",
    "wishes": ["stay_at_my_school"],
    "legal_status": "C2",
    "deprivation_of_liberty": "No",
    "secure_order": "No",
    "secure_under_13_approval": "No",
    "uasc": "No",
    "remand": "None",
    "foster_suitability": "Preferred",
    "residential_suitability": "Suitable but not preferred",
    "supported_suitability": "Unsuitable",
    "living_companions": "No preference",
    "pets": "Yes - can",
    "needs_parent_and_child": "No",
    "package": "Core",
    "disabilities": [],
    "ehcp": "No",
    "adaptations": [],
    "needs": {str(domain): 1 for domain in NeedDomain},
    "risks": NO_KNOWN_RISKS,
    "vulnerabilities": ["bullying"],
    "zones_to_avoid": [{"circle": {"postcode": "NG5 1DD", "radius_miles": 0.5}}],
    "school": "NG7 2RD",
    "attends_school": "Yes",
}

A_REFERRAL: dict[str, Any] = {
    "ref": "EXAMPLE-R1",
    "children": [A_CHILD],
    "needed_by": "2026-03-09",
    "waiting_since": "2026-03-02",
    "keep_together": "preferred",
    "family_home": "NG5 2NW",
    "contact_places": [{"location": "NG6 9ES", "frequency": "weekly"}],
}

A_RESIDENT: dict[str, Any] = {
    "ref": "EXAMPLE-C9",
    "date_of_birth": "2012-09-01",
    "sex": "M",
    "risks": NO_KNOWN_RISKS,
    "vulnerabilities": [],
    "living_companions": "With other children recommended",
}

A_HOME: dict[str, Any] = {
    "ref": "EXAMPLE-H1",
    "kind": "foster",
    "place_code": "U6",
    "urn": "SC000001",
    "sector": "PR4",
    "route": "framework",
    "location": "NG3 7FE",
    "places": 2,
    "name": "Example foster home",
    "registration": "Registered",
    "registered_from": "2015-01-01",
    "terms": {"age_min": 5, "age_max": 17, "sex": "Any", "siblings_only": "No", "parent_and_child": "No"},
    "tier": 1,
    "weekly_fee_pence": {"Core": 85_000, "Enhanced": 112_000},
    "residents": [A_RESIDENT],
    "judgement": "Good",
    "judged_on": "2025-06-01",
    "capability": {str(domain): 2 for domain in NeedDomain},
    "adaptations": [str(Adaptation.STEP_FREE)],
    "disabilities_supported": [str(disability) for disability in Disability],
    "languages": ["en"],
    "religions_supported": [str(religion) for religion in Religion if religion is not Religion.NOT_KNOWN],
    "cultural_needs_supported": "Yes",
    "pets": "No",
    "available_from": "2026-03-01",
    "confirmed_on": "2026-03-01",
    "ended_placements": 12,
    "unplanned_endings": 1,
}
