//! What published articles are found by: roots of words with their weights, and their letters for words typed wrong. The
//! same rows on both databases, so that both give the same answers.

use crate::domain::knowledge::likeness::grams;
use crate::domain::knowledge::weigh::Wanted;
use crate::error::Result;
use crate::store::Tx;
use std::collections::BTreeMap;

/// Rows written with one statement.
const AT_ONCE: usize = 500;

/// Leaves out what stands on other shelves.
macro_rules! on_shelves {
    ($query:ident, $shelves:ident) => {
        if let Some(shelves) = $shelves {
            $query.push(" and shelf in (");
            let mut list = $query.separated(", ");
            for shelf in shelves {
                list.push_bind(shelf.clone());
            }
            $query.push(")");
        }
    };
}

/// Keeps the words of an article; what it was found by before must have been forgotten.
///
/// # Errors
/// The database does not answer.
pub async fn put(tx: &mut Tx, article: i64, shelf: &str, words: &BTreeMap<String, i64>) -> Result<()> {
    let rows: Vec<(&String, &i64)> = words.iter().collect();
    for some in rows.chunks(AT_ONCE) {
        many!(tx, query => {
            query.push("insert into article_word (word, shelf, article_id, weight) ");
            query.push_values(some, |mut row, (word, weight)| {
                row.push_bind((*word).clone()).push_bind(shelf.to_owned()).push_bind(article).push_bind(**weight);
            });
        })?;
    }
    let letters: Vec<(String, &String)> =
        words.keys().flat_map(|word| grams(word).into_iter().map(move |gram| (gram, word))).collect();
    for some in letters.chunks(AT_ONCE) {
        many!(tx, query => {
            query.push("insert into article_gram (gram, word) ");
            query.push_values(some, |mut row, (gram, word)| {
                row.push_bind(gram.clone()).push_bind((*word).clone());
            });
            query.push(" on conflict (gram, word) do nothing");
        })?;
    }
    Ok(())
}

/// The article is found by nothing any more.
///
/// # Errors
/// The database does not answer.
pub async fn forget(tx: &mut Tx, article: i64) -> Result<()> {
    sql!(tx, execute, "delete from article_word where article_id = $1", article)?;
    Ok(())
}

/// How many articles on these shelves (`None`: on all) have each of the words; words that none has are left out.
///
/// # Errors
/// The database does not answer.
pub async fn holding(tx: &mut Tx, shelves: Option<&[String]>, words: &[String]) -> Result<Vec<(String, i64)>> {
    if words.is_empty() {
        return Ok(Vec::new());
    }
    many!(tx, fetch_all as (String, i64), query => {
        query.push("select word, count(*) from article_word where word in (");
        let mut list = query.separated(", ");
        for word in words {
            list.push_bind(word.clone());
        }
        query.push(")");
        on_shelves!(query, shelves);
        query.push(" group by word order by word");
    })
}

/// Key and score of the articles on these shelves (`None`: on all) that the words fit best, the best first.
///
/// # Errors
/// The database does not answer.
pub async fn best(tx: &mut Tx, shelves: Option<&[String]>, wanted: &[Wanted], limit: i64) -> Result<Vec<(i64, i64)>> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    many!(tx, fetch_all as (i64, i64), query => {
        query.push("select article_id, cast(sum(part) as bigint) as score from (");
        for (place, it) in wanted.iter().enumerate() {
            query.push(if place == 0 { "select article_id, weight * " } else { " union all select article_id, weight * " });
            query.push_bind(it.factor).push(" as part from article_word where word = ").push_bind(it.word.clone());
            on_shelves!(query, shelves);
        }
        query.push(") found group by article_id order by 2 desc, 1 limit ").push_bind(limit);
    })
}

/// Words that share most letters in a row with what was typed, the most first.
///
/// # Errors
/// The database does not answer.
pub async fn alike(tx: &mut Tx, typed: &str, limit: i64) -> Result<Vec<String>> {
    let rows = many!(tx, fetch_all as (String, i64), query => {
        query.push("select word, count(*) from article_gram where gram in (");
        let mut list = query.separated(", ");
        for gram in grams(typed) {
            list.push_bind(gram);
        }
        query.push(") group by word having count(*) > 1 order by 2 desc, 1 limit ").push_bind(limit);
    })?;
    Ok(rows.into_iter().map(|(word, _)| word).collect())
}
