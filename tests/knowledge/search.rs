//! People find what they look for, however they write it, and the same on both databases.

use super::{publish, titles, town};
use crate::support::app::{Engine, TestApp};
use meja::desk::articles::{ArticleCommand, WantedArticle};
use meja::domain::knowledge::article::Audience;
use meja::domain::people::{Actor, Grant, Role, Scope};
use meja::domain::ticket::Channel;
use serde::Deserialize;

crate::support::on_both! {
    nine_of_ten_questions_find_their_article_among_the_first_five = questions;
    forms_slips_and_loan_words_lead_to_one_article = forms;
    articles_are_read_anew_with_other_words = relearnt;
    hostile_questions_find_nothing_and_break_nothing = hostile;
}

#[derive(Deserialize)]
struct Given {
    title: String,
    summary: String,
    keywords: String,
    body: String,
}

/// Somebody of the ICT office.
pub async fn unit(app: &TestApp) -> Actor {
    let mut people = app.desk.accounts().await.unwrap().into_iter();
    let (account, _) = people.find(|(account, _)| account.email == "superadmin@demo.test").unwrap();
    let grants = vec![Grant { role: Role::Tier2Unit, agency: None }];
    Actor { account, grants, scope: Scope::Write, only_agency: None, via: Channel::Web }
}

async fn questions(engine: Engine) {
    let Some(app) = town(engine).await else { return };
    let unit = unit(&app).await;
    let given: Vec<Given> = serde_json::from_str(include_str!("../data/knowledge/articles.json")).unwrap();
    for Given { title, summary, keywords, body } in given {
        let (audience, agency, service) = (Audience::Public, "DISKOMINFO".to_owned(), None);
        let wanted = WantedArticle { title, summary, body, keywords, audience, agency, service, review_months: 6 };
        let slug = app.desk.add_article(&unit, wanted, None).await.unwrap().article.slug;
        app.desk.act_on_article(&unit, &slug, None, ArticleCommand::Submit).await.unwrap();
        app.desk.act_on_article(&unit, &slug, None, ArticleCommand::Publish).await.unwrap();
    }
    let (mut asked, mut missed) = (0, Vec::new());
    for line in include_str!("../data/knowledge/questions.txt").lines() {
        let Some((question, title)) = line.split_once(" => ").filter(|_| !line.starts_with('#')) else { continue };
        asked += 1;
        let found = app.desk.find_articles(None, question, 5).await.unwrap();
        if found.iter().all(|it| it.text.title != title) {
            missed.push(question);
        }
    }
    assert!(asked >= 60, "{asked}");
    assert!(missed.len() * 10 <= asked, "recall {} of {asked}: {missed:#?}", asked - missed.len());
}

async fn forms(engine: Engine) {
    let Some(app) = town(engine).await else { return };
    publish(&app, "DISKOMINFO", "Pembayaran retribusi sampah", "public").await;
    publish(&app, "DISKOMINFO", "Mengatur ulang kata sandi surel", "public").await;
    publish(&app, "DISKOMINFO", "Jadwal rapat pimpinan", "public").await;
    for (question, title) in [
        ("bayar", "Pembayaran retribusi sampah"),
        ("membayarkan", "Pembayaran retribusi sampah"),
        ("gmn ngebayarin rertibusi", "Pembayaran retribusi sampah"),
        ("sampah-sampah", "Pembayaran retribusi sampah"),
        ("reset pasword email", "Mengatur ulang kata sandi surel"),
        ("RESET PASSWORD!!!", "Mengatur ulang kata sandi surel"),
        ("meeting pimpnan", "Jadwal rapat pimpinan"),
    ] {
        let query: String = question.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let found = titles(&app.get("demo-warga", &format!("/articles?q={query}")).await.ok(200));
        assert_eq!(found.first().map(String::as_str), Some(title), "{question}");
    }
}

async fn relearnt(engine: Engine) {
    let Some(app) = town(engine).await else { return };
    let slug = publish(&app, "DISKOMINFO", "Pembayaran retribusi", "public").await;
    let key = app.desk.kept_article(&unit(&app).await, &slug).await.unwrap().article.id;
    let mut tx = app.desk.db.write().await.unwrap();
    meja::store::article_words::forget(&mut tx, key).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(app.desk.find_articles(None, "bayar", 5).await.unwrap().len(), 0);
    assert_eq!(app.desk.learn_words_anew().await.unwrap(), 1);
    assert_eq!(app.desk.learn_words_anew().await.unwrap(), 0, "nothing was learnt since");
    assert_eq!(app.desk.find_articles(None, "bayar", 5).await.unwrap().len(), 1);
}

async fn hostile(engine: Engine) {
    let Some(app) = town(engine).await else { return };
    publish(&app, "DISKOMINFO", "Pembayaran retribusi", "public").await;
    let long = "pembayaran ".repeat(5_000);
    for question in
        ["'; drop table article; --", "\" OR 1=1", "%", "_", "*", "NEAR(a b)", "\u{0}", "🙂", "''", "yang dan di"]
    {
        let found = app.desk.find_articles(None, question, 5).await.unwrap();
        assert_eq!(found.len(), 0, "{question}");
    }
    assert_eq!(app.desk.find_articles(None, &long, 5).await.unwrap().len(), 1);
}
