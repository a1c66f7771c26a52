//! Articles, their texts, words, files, and what they were good for.

use super::{at, commit, is_conflict, open, person, read, ticket, write};
use crate::support::db::on_both;
use meja::domain::knowledge::article::{ArticleState, ArticleUse, Audience};
use meja::domain::knowledge::weigh::Wanted;
use meja::domain::people::Visibility;
use meja::domain::service::Agency;
use meja::store::article_files::{self, ArticleFile};
use meja::store::articles::{self, Article, ArticleFilter, Text};
use meja::store::ratings::Rating;
use meja::store::{Db, Tx, article_uses, article_words, ratings, services};
use std::collections::BTreeMap;

on_both!(
    an_article_keeps_all_its_texts,
    lists_hold_what_was_asked_for,
    articles_are_found_by_their_words,
    readers_and_tickets_are_counted,
    files_of_an_article_are_kept_once,
);

fn article(slug: &str, owner: i64) -> Article {
    Article {
        id: 0,
        slug: slug.to_owned(),
        version: 1,
        state: ArticleState::Draft,
        agency: "DINKES".to_owned(),
        owner_id: owner,
        edition: 1,
        published_edition: None,
        published_at: None,
        checked_at: None,
        review_months: 6,
        review_due: None,
        reason: String::new(),
        successor: None,
        helped: 0,
        not_helped: 0,
        created_at: at(0),
        updated_at: at(0),
    }
}

fn text(article: &Article, place: i64, audience: Audience) -> Text {
    Text {
        article_id: article.id,
        place,
        title: format!("{} {place}", article.slug),
        summary: "s".to_owned(),
        body: "b".to_owned(),
        keywords: "k".to_owned(),
        audience,
        service: None,
        account_id: article.owner_id,
        written_at: at(place),
        shown_at: None,
    }
}

/// An article that people read.
async fn published(tx: &mut Tx, slug: &str, owner: i64, audience: Audience, second: i64) -> Article {
    let mut one = article(slug, owner);
    one.id = articles::add(tx, &one).await.unwrap();
    articles::add_text(tx, &text(&one, 1, audience)).await.unwrap();
    let shown = Article {
        version: 2,
        state: ArticleState::Published,
        published_edition: Some(1),
        published_at: Some(at(second)),
        checked_at: Some(at(second)),
        review_due: Some(at(second + 100)),
        ..one
    };
    articles::save(tx, &shown).await.unwrap();
    articles::show_text(tx, shown.id, 1, at(second)).await.unwrap();
    shown
}

async fn people(tx: &mut Tx) -> i64 {
    let agency = Agency { code: "DINKES".to_owned(), name: "Dinas Kesehatan".to_owned(), email: None, active: true };
    services::save_agency(tx, &agency).await.unwrap();
    person(tx, "budi@x").await
}

async fn an_article_keeps_all_its_texts(db: Db) {
    let mut tx = write(&db).await;
    let budi = people(&mut tx).await;
    let mut one = article("satu", budi);
    one.id = articles::add(&mut tx, &one).await.unwrap();
    articles::add_text(&mut tx, &text(&one, 1, Audience::Public)).await.unwrap();
    articles::add_text(&mut tx, &text(&one, 2, Audience::Staff)).await.unwrap();
    let next = Article { version: 2, edition: 2, successor: Some("dua".to_owned()), updated_at: at(2), ..one.clone() };
    articles::save(&mut tx, &next).await.unwrap();
    articles::show_text(&mut tx, one.id, 1, at(9)).await.unwrap();
    let found = articles::by_slug(&mut tx, "satu").await.unwrap().unwrap();
    assert_eq!((found.article, found.text), (next, text(&one, 2, Audience::Staff)));
    let first = articles::text(&mut tx, one.id, 1).await.unwrap().unwrap();
    assert_eq!(first, Text { shown_at: Some(at(9)), ..text(&one, 1, Audience::Public) });
    let all = articles::texts(&mut tx, one.id).await.unwrap();
    assert_eq!(all.iter().map(|text| text.place).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(articles::slugs_like(&mut tx, "sa").await.unwrap(), ["satu"]);
    assert_eq!(articles::by_slug(&mut tx, "tiga").await.unwrap(), None);
    commit(tx).await;
    let mut tx = write(&db).await;
    assert!(is_conflict(&articles::save(&mut tx, &Article { version: 2, ..one }).await.unwrap_err()));
}

async fn lists_hold_what_was_asked_for(db: Db) {
    let mut tx = write(&db).await;
    let budi = people(&mut tx).await;
    let open = published(&mut tx, "umum", budi, Audience::Public, 10).await;
    let staff = published(&mut tx, "pegawai", budi, Audience::Staff, 20).await;
    let own = published(&mut tx, "dinkes", budi, Audience::Agency, 30).await;
    let draft = article("konsep", budi);
    let draft = Article { id: articles::add(&mut tx, &draft).await.unwrap(), ..draft };
    articles::add_text(&mut tx, &text(&draft, 1, Audience::Public)).await.unwrap();
    commit(tx).await;
    let mut tx = read(&db).await;
    let slugs = |found: Vec<articles::Whole>| found.into_iter().map(|it| it.article.slug).collect::<Vec<_>>();
    let all = ArticleFilter::default();
    let shelf = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let shown = articles::published(&mut tx, None, &all, i64::MAX, 10).await.unwrap();
    assert_eq!(slugs(shown), ["dinkes", "pegawai", "umum"]);
    let shown = articles::published(&mut tx, Some(&shelf(&["public"])), &all, i64::MAX, 10).await.unwrap();
    assert_eq!(slugs(shown), ["umum"]);
    let wide = shelf(&["public", "agency:DINKES"]);
    let shown = articles::published(&mut tx, Some(&wide), &all, i64::MAX, 10).await.unwrap();
    assert_eq!(slugs(shown), ["dinkes", "umum"]);
    assert_eq!(slugs(articles::published(&mut tx, None, &all, own.id, 1).await.unwrap()), ["pegawai"]);
    assert_eq!(
        slugs(articles::kept(&mut tx, None, &all, i64::MAX, 10).await.unwrap()),
        ["konsep", "dinkes", "pegawai", "umum"]
    );
    assert_eq!(articles::kept(&mut tx, Some(&[]), &all, i64::MAX, 10).await.unwrap(), []);
    assert_eq!(articles::kept(&mut tx, Some(&shelf(&["BKD"])), &all, i64::MAX, 10).await.unwrap(), []);
    let due = ArticleFilter { due: Some(at(125)), ..all.clone() };
    assert_eq!(slugs(articles::kept(&mut tx, None, &due, i64::MAX, 10).await.unwrap()), ["pegawai", "umum"]);
    let drafts = ArticleFilter { state: Some(ArticleState::Draft), agency: Some("DINKES".to_owned()), ..all.clone() };
    assert_eq!(slugs(articles::kept(&mut tx, None, &drafts, i64::MAX, 10).await.unwrap()), ["konsep"]);
    let of_staff = ArticleFilter { audience: Some(Audience::Staff), ..all.clone() };
    assert_eq!(slugs(articles::published(&mut tx, None, &of_staff, i64::MAX, 10).await.unwrap()), ["pegawai"]);
    let of_service = ArticleFilter { service: Some("simpus".to_owned()), ..all };
    assert_eq!(articles::published(&mut tx, None, &of_service, i64::MAX, 10).await.unwrap(), []);
    let keys = [staff.id, open.id, draft.id];
    assert_eq!(slugs(articles::with_keys(&mut tx, &keys).await.unwrap()), ["umum", "pegawai"]);
    assert_eq!(articles::with_keys(&mut tx, &[]).await.unwrap(), []);
    assert_eq!(articles::count(&mut tx).await.unwrap(), 3);
}

async fn articles_are_found_by_their_words(db: Db) {
    let mut tx = write(&db).await;
    let budi = people(&mut tx).await;
    let open = published(&mut tx, "umum", budi, Audience::Public, 10).await;
    let staff = published(&mut tx, "pegawai", budi, Audience::Staff, 20).await;
    let words = |list: &[(&str, i64)]| {
        list.iter().map(|(word, weight)| ((*word).to_owned(), *weight)).collect::<BTreeMap<_, _>>()
    };
    article_words::put(&mut tx, open.id, "public", &words(&[("sandi", 500), ("bayar", 100)])).await.unwrap();
    article_words::put(&mut tx, staff.id, "staff", &words(&[("sandi", 900)])).await.unwrap();
    let list = ["bayar".to_owned(), "sandi".to_owned(), "kuda".to_owned()];
    let held = article_words::holding(&mut tx, None, &list).await.unwrap();
    assert_eq!(held, [("bayar".to_owned(), 1), ("sandi".to_owned(), 2)]);
    let shelf = ["public".to_owned()];
    assert_eq!(article_words::holding(&mut tx, Some(&shelf), &list).await.unwrap().len(), 2);
    assert_eq!(article_words::holding(&mut tx, None, &[]).await.unwrap(), []);
    let wanted = |word: &str, factor| Wanted { word: word.to_owned(), factor };
    let asked = [wanted("sandi", 10), wanted("bayar", 50)];
    let best = article_words::best(&mut tx, None, &asked, 5).await.unwrap();
    assert_eq!(best, [(open.id, 10_000), (staff.id, 9_000)]);
    assert_eq!(article_words::best(&mut tx, Some(&shelf), &asked, 5).await.unwrap(), [(open.id, 10_000)]);
    assert_eq!(article_words::best(&mut tx, None, &[], 5).await.unwrap(), []);
    assert_eq!(article_words::alike(&mut tx, "sandy", 5).await.unwrap(), ["sandi"]);
    article_words::forget(&mut tx, open.id).await.unwrap();
    assert_eq!(article_words::best(&mut tx, None, &asked, 5).await.unwrap(), [(staff.id, 9_000)]);
    commit(tx).await;
}

async fn readers_and_tickets_are_counted(db: Db) {
    let mut tx = write(&db).await;
    let key = open(&mut tx, &ticket("OKI-2602-00001-0")).await;
    let budi = people(&mut tx).await;
    let one = published(&mut tx, "umum", budi, Audience::Public, 10).await;
    assert_eq!(article_uses::answer(&mut tx, one.id, "a", true, "baik", at(11)).await.unwrap(), None);
    assert_eq!(article_uses::answer(&mut tx, one.id, "a", false, "kurang", at(12)).await.unwrap(), Some(true));
    article_uses::answer(&mut tx, one.id, "b", true, "", at(13)).await.unwrap();
    assert_eq!(article_uses::answered(&mut tx, one.id, "a").await.unwrap(), Some(false));
    let found = articles::by_slug(&mut tx, "umum").await.unwrap().unwrap().article;
    assert_eq!((found.helped, found.not_helped), (1, 1));
    let from = (at(100), i64::MAX);
    let said = article_uses::said(&mut tx, None, Some(one.id), from, 10).await.unwrap();
    assert_eq!(said.iter().map(|it| it.comment.as_str()).collect::<Vec<_>>(), ["", "kurang"]);
    assert_eq!(article_uses::said(&mut tx, Some(&["BKD".to_owned()]), None, from, 10).await.unwrap(), []);
    assert_eq!(article_uses::said(&mut tx, None, None, (at(13), i64::MIN), 10).await.unwrap().len(), 1);
    ratings::add(&mut tx, key, &Rating { round: 1, score: 5, comment: "ya".to_owned(), at: at(20) }).await.unwrap();
    let everything = Visibility { all: true, agencies: Vec::new(), requester: String::new(), only_agency: None };
    let rated = article_uses::rated(&mut tx, &everything, from, 10).await.unwrap();
    assert_eq!((rated.len(), rated[0].number.as_str(), rated[0].score), (1, "OKI-2602-00001-0", 5));
    let nobody = Visibility { all: false, ..everything };
    assert_eq!(article_uses::rated(&mut tx, &nobody, from, 10).await.unwrap(), []);
    assert!(article_uses::tie(&mut tx, one.id, key, ArticleUse::SolvedWith, budi, at(30)).await.unwrap());
    assert!(!article_uses::tie(&mut tx, one.id, key, ArticleUse::SolvedWith, budi, at(31)).await.unwrap());
    let tied = article_uses::of_ticket(&mut tx, key).await.unwrap();
    assert_eq!(
        (tied.len(), tied[0].slug.as_str(), tied[0].uses, tied[0].is_published),
        (1, "umum", ArticleUse::SolvedWith, true)
    );
    let tickets = article_uses::tickets(&mut tx, one.id, 5).await.unwrap();
    assert_eq!(tickets, [("OKI-2602-00001-0".to_owned(), ArticleUse::SolvedWith)]);
    assert_eq!(article_uses::added(&mut tx, at(0), at(50)).await.unwrap(), [("DINKES".to_owned(), 1)]);
    assert_eq!(article_uses::added(&mut tx, at(11), at(50)).await.unwrap(), []);
    assert_eq!(article_uses::used(&mut tx, at(0), at(50)).await.unwrap(), [("DINKES".to_owned(), 2)]);
    assert_eq!(article_uses::used(&mut tx, at(14), at(30)).await.unwrap(), []);
    commit(tx).await;
}

async fn files_of_an_article_are_kept_once(db: Db) {
    let mut tx = write(&db).await;
    let budi = people(&mut tx).await;
    let one = published(&mut tx, "umum", budi, Audience::Public, 10).await;
    let file = ArticleFile {
        id: 0,
        name: "a.txt".to_owned(),
        media_type: "text/plain".to_owned(),
        size: 3,
        sha256: "aa".to_owned(),
    };
    for _ in 0..2 {
        article_files::add(&mut tx, one.id, &file, budi, at(1)).await.unwrap();
    }
    let found = article_files::of_article(&mut tx, one.id).await.unwrap();
    assert_eq!((found.len(), found[0].name.as_str()), (1, "a.txt"));
    article_files::remove(&mut tx, one.id, found[0].id).await.unwrap();
    assert_eq!(article_files::of_article(&mut tx, one.id).await.unwrap(), []);
    commit(tx).await;
}
