//! What is a policy, and what is kept of one.
use super::*;

fn fault(text: &str) -> String {
    text.parse::<PolicyDocument>().unwrap_err().to_string()
}

#[test]
fn the_text_of_a_policy_is_given_back_as_it_was() {
    let text = r#"{ "Version": "2012-10-17",
      "Statement": {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"} }"#;
    let policy: PolicyDocument = text.parse().unwrap();
    assert_eq!(policy.as_str(), text);
    let kept = PolicyDocument::from_value(policy.to_value()).unwrap();
    assert_eq!(kept, policy);
    assert_eq!(policy.statements().unwrap().len(), 1);
}

#[test]
fn a_stored_text_that_is_no_policy_is_kept() {
    let kept = PolicyDocument::from_value(Value::Text("{}".to_owned())).unwrap();
    assert_eq!((kept.as_str(), kept.statements()), ("{}", None));
    assert_eq!(kept.to_value(), Value::Text("{}".to_owned()));
}

#[test]
fn a_statement_is_read_with_all_its_elements() {
    let text = r#"{"Statement": [{"Sid": "One", "Effect": "Deny", "NotPrincipal": {"AWS": ["111111111111", "arn:aws:iam::222222222222:root",
        "arn:aws:iam::333333333333:role/app", "AROAEXAMPLE"], "Service": "ec2.amazonaws.com"},
        "NotAction": ["s3:Get*"], "Resource": "arn:aws:s3:::b/*",
        "Condition": {"ForAnyValue:StringNotLikeIfExists": {"aws:SourceVpce": ["vpce-1", "vpce-2"]}, "Bool": {"aws:SecureTransport": true}}}]}"#;
    let policy: PolicyDocument = text.parse().unwrap();
    let statement = &policy.statements().unwrap()[0];
    let account = |number: &str| PolicyPrincipal::Account(number.to_owned());
    let role = "arn:aws:iam::333333333333:role/app".to_owned();
    assert_eq!(
        statement.principals,
        Scope::AllBut(vec![
            account("111111111111"),
            account("222222222222"),
            PolicyPrincipal::Arn(role),
            PolicyPrincipal::Other,
            PolicyPrincipal::Other,
        ])
    );
    assert_eq!(statement.actions, Scope::AllBut(vec!["s3:Get*".to_owned()]));
    let [like, bool] = statement.conditions.as_slice() else {
        panic!("{:?}", statement.conditions)
    };
    assert_eq!(
        (like.set, like.comparison, like.negated, like.if_exists),
        (SetOperator::ForAnyValue, Comparison::StringLike, true, true)
    );
    assert_eq!(like.key, "aws:sourcevpce");
    assert_eq!(bool.values, ["true"]);
}

#[test]
fn a_fault_names_the_element() {
    assert_eq!(fault("{"), "is no JSON, at line 1, column 1");
    assert_eq!(
        fault("{}"),
        "`Statement` of the policy must be a statement or a list of statements"
    );
    assert_eq!(
        fault(r#"{"Statement": [{"Effect": "Maybe"}]}"#),
        "`Statement[0].Effect` of the policy must be `Allow` or `Deny`"
    );
    assert_eq!(
        fault(r#"{"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}"#),
        "`Statement[0].Principal` of the policy must be given, or its `Not` instead, and not both"
    );
    assert_eq!(
        fault(
            r#"{"Statement": {"Effect": "Allow", "Principal": "*", "Action": 1, "Resource": "*"}}"#
        ),
        "`Statement[0].Action` of the policy must be a text or a list of texts"
    );
    assert_eq!(
        fault(&" ".repeat(20_481)),
        "is 20481 characters long, the maximum is 20480"
    );
}
