//! Chromium: a person signs in, is shown by name, signs out, is refused.

use crate::demo::{ADA, Demo, node};
use serde_json::Value;

fn browse(demo: &Demo, scenario: &str, (username, password): (&str, &str)) -> Value {
    let path = if scenario == "sign-in" { "/notes/one?tab=2&q=a%20b#part-3" } else { "/notes/one?tab=2&q=a%20b" };
    let fixed =
        ["--scenario", scenario, "--app", &demo.app, "--path", path, "--username", username, "--password", password];
    let mut arguments: Vec<&str> = fixed.to_vec();
    // A folder to look at the pages: DOORWARD_SCREENSHOTS=/some/folder
    let folder = std::env::var("DOORWARD_SCREENSHOTS").map(|folder| format!("{folder}/{scenario}")).ok();
    arguments.extend(folder.iter().flat_map(|folder| ["--screenshots", folder.as_str()]));
    node("browser.mjs", &arguments)
}

#[test]
fn chromium_signs_in_and_lands_on_the_page_asked_for_by_name() {
    let demo = Demo::start("15m");
    let told = browse(&demo, "sign-in", (ADA, &demo.password));
    assert!(told["login"]["url"].as_str().unwrap().starts_with("http://localhost:"), "{told}");
    assert_eq!(told["landed"]["url"], format!("{}/notes/one?tab=2&q=a%20b#part-3", demo.app));
    assert!(told["landed"]["heading"].as_str().unwrap().contains(ADA), "{told}");
    let hops = told["hops"].as_array().unwrap().len();
    assert!(hops <= 10, "{hops} hops");
    for cookie in told["cookies"].as_array().unwrap() {
        assert_eq!((&cookie["httpOnly"], &cookie["sameSite"]), (&Value::from(true), &Value::from("Lax")), "{cookie}");
        assert!(cookie["size"].as_u64().unwrap() <= 100, "{cookie}");
    }
}

#[test]
fn chromium_is_told_of_a_wrong_password() {
    let demo = Demo::start("15m");
    let told = browse(&demo, "wrong-password", (ADA, &demo.password));
    assert!(told["rejected"]["alert"].as_str().unwrap().contains("Wrong"), "{told}");
    assert_eq!(told["landed"]["status"], 200);
}

#[test]
fn chromium_is_refused_with_a_decision_id_that_can_be_explained() {
    let demo = Demo::start("15m");
    let password = demo.add_user("eve@elsewhere.test");
    let told = browse(&demo, "refused", ("eve@elsewhere.test", &password));
    let id = told["decision_id"].as_str().unwrap();
    assert_eq!(told["status"], 403);
    let mut said = String::new();
    for _ in 0..40 {
        let explained = demo.cli(&["explain", id]);
        said = String::from_utf8_lossy(&explained.stdout).into_owned();
        if explained.status.success() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    for needed in [id, "no_rule_matched", "eve@elsewhere.test", "members", "email_domain"] {
        assert!(said.contains(needed), "`explain` does not say {needed}:\n{said}");
    }
}

#[test]
fn lo_01_chromium_signs_out_and_is_asked_to_sign_in_again() {
    let demo = Demo::start("15m");
    let told = browse(&demo, "sign-out", (ADA, &demo.password));
    assert_eq!(told["silently_signed_in"], false, "{told}");
    assert_eq!(told["reopened"]["kind"], "login");
    assert_eq!(told["reopened_after_everywhere"]["kind"], "login");
}

#[test]
fn az_24_two_tabs_sign_in_side_by_side() {
    let demo = Demo::start("15m");
    let told = browse(&demo, "two-tabs", (ADA, &demo.password));
    let landed = told["landed"].as_array().unwrap();
    assert_ne!(landed[0]["url"], landed[1]["url"]);
    assert!(landed.iter().all(|page| page["status"] == 200), "{told}");
}

#[test]
fn abandoned_sign_ins_leave_one_small_cookie() {
    let demo = Demo::start("15m");
    let told = browse(&demo, "abandoned", (ADA, &demo.password));
    for (host, bytes) in told["bytes_per_host"].as_object().unwrap() {
        assert!(bytes.as_u64().unwrap() < 200, "{host}: {bytes} bytes");
    }
}
