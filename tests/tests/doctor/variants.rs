//! Enums: the variants, and the lists of values in checks.

use catamaran::doctor::{Code, Doctor, Place};
use catamaran::domain::{Check, Domain, Table};
use catamaran::{Engine, doctor::Report};
use suite::exhibit::{DOMAIN, EXHIBITS, OtherVariants};

/// The finding about a name at each place.
fn at<'r>(report: &'r Report, name: &str) -> Vec<(Code, Place, &'r str, &'r str)> {
    let findings = report
        .findings
        .iter()
        .filter(|finding| finding.name == name);
    findings
        .map(|one| (one.code, one.place, &*one.wanted, &*one.found))
        .collect()
}

#[tokio::test]
async fn a_variant_that_a_check_lacks_or_has_too_many_is_found_and_migrated() {
    let doctor = Doctor::new(&DOMAIN).migrations::<OtherVariants>();
    let report = doctor.check().await;
    for (name, code, lacking, listed) in [
        (
            "ck_exhibits__access",
            Code::CheckStronger,
            "'read-only'",
            "'nobody'",
        ),
        ("ck_exhibits__grade", Code::CheckWeaker, "NOTHING", "3"),
    ] {
        let found = at(&report, name);
        let places = Engine::ALL.map(Place::Migrations);
        assert_eq!(
            found
                .iter()
                .map(|(_, place, ..)| *place)
                .collect::<Vec<_>>(),
            places,
            "{report}"
        );
        for (found_code, _, wanted, found) in found {
            assert_eq!(found_code, code, "{report}");
            assert!(found.contains(listed), "{found}");
            assert!(wanted.contains(lacking) || lacking == "NOTHING", "{wanted}");
            assert!(!found.contains(lacking), "{found}");
        }
    }
    assert_eq!(report.findings.len(), 4, "{report}");
    let suggestion = doctor.suggest(&report, "m20300101_000001_variants").await;
    assert!(suggestion.by_hand.is_empty(), "{:?}", suggestion.by_hand);
    for engine in Engine::ALL {
        let up = suggestion.up(engine).join(";\n");
        assert!(up.contains("'read-only'"), "{engine}: {up}");
    }
}

const STRICTER: Domain = Domain {
    tables: &[Table {
        checks: &[
            Check::on_both("ck_exhibits__access").holds("access IN ('nobody', 'everybody''s')")
        ],
        ..EXHIBITS
    }],
    ..DOMAIN
};

#[tokio::test]
async fn a_domain_whose_check_refuses_a_variant_is_a_finding() {
    let report = Doctor::new(&STRICTER).check().await;
    let found = at(&report, "ck_exhibits__access");
    let (code, place, wanted, _) = found.first().expect("a finding");
    assert_eq!(
        (*code, *place),
        (Code::DomainCheck, Place::Domain),
        "{report}"
    );
    assert!(wanted.contains("'read-only'"), "{wanted}");
}
