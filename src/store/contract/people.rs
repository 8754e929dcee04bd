//! What the contract says of the side table of persons.

use combat_components::ids::{DisplayName, PlayerId, Pseudonym};

use super::{Place, chunk, finish, id, over_both, person, row, session};
use crate::store::{Fault, FaultyStore, PeopleStore, PersonRow, StoreError};

over_both! {
    a_player_keeps_his_pseudonym_in_a_session_whatever_happens
    names_of_any_length_and_none_are_read_back_as_they_were
    two_joins_at_once_find_one_pseudonym
    a_pseudonym_belongs_to_one_player_of_a_session
    people_go_with_their_session_and_are_orphans_until_they_are_gone
    an_erased_person_is_gone_from_every_session_and_the_others_stay
    erasing_is_counted_and_goes_on_beside_the_owner
    a_faulty_store_tells_of_people_it_did_not_write_down
}

async fn a_player_keeps_his_pseudonym_in_a_session_whatever_happens(place: Place) {
    let store = place.claimed().await;
    let least = u64::MAX;
    assert_eq!(store.meet(&person(1, "ann", least)).await, Ok(Pseudonym(least)));
    assert_eq!(
        store.meet(&person(2, "ann", 2)).await,
        Ok(Pseudonym(2)),
        "another session, another pseudonym"
    );
    assert_eq!(store.meet(&person(1, "bob", 3)).await, Ok(Pseudonym(3)));
    let renamed = PersonRow { name: DisplayName::new("Ännchen").ok(), ..person(1, "ann", 4) };
    assert_eq!(store.meet(&renamed).await, Ok(Pseudonym(least)), "the one he has");
    let known = PersonRow { pseudonym: Pseudonym(least), ..renamed };
    assert_eq!(store.people(id(1)).await.unwrap(), [known, person(1, "bob", 3)]);
    store.close().await.unwrap();
    let next = place.claimed().await;
    assert_eq!(next.meet(&renamed).await, Ok(Pseudonym(least)), "also after a restart");
    assert_eq!(next.people(id(1)).await.unwrap().len(), 2);
    assert_eq!(next.people(id(3)).await.unwrap(), []);
}

/// A name that nobody may take any more, such as spaces, stays with whoever took it.
async fn names_of_any_length_and_none_are_read_back_as_they_were(place: Place) {
    let store = place.claimed().await;
    let names = [None, Some("x".to_owned()), Some("한".repeat(32)), Some("  ".to_owned())];
    let row = |(at, name): (usize, &Option<String>)| PersonRow {
        name: name.as_deref().map(|name| DisplayName::new(name).unwrap()),
        ..person(1, &format!("p{at}"), at as u64)
    };
    let rows: Vec<PersonRow> = names.iter().enumerate().map(row).collect();
    for row in &rows {
        store.meet(row).await.unwrap();
    }
    assert_eq!(store.people(id(1)).await.unwrap(), rows);
    let named = PersonRow { name: rows[1].name, ..rows[0] };
    store.meet(&named).await.unwrap();
    store.meet(&PersonRow { name: None, ..rows[1] }).await.unwrap();
    let now = store.people(id(1)).await.unwrap();
    assert_eq!((now[0].name, now[1].name), (named.name, None), "a name is taken over, and so is none");
}

async fn two_joins_at_once_find_one_pseudonym(place: Place) {
    let store = place.claimed().await;
    for number in 1..=20 {
        let rows: Vec<PersonRow> = (1..=4).map(|pseudonym| person(number, "ann", pseudonym)).collect();
        let met = futures_util::future::join_all(rows.iter().map(|row| store.meet(row))).await;
        assert!(met.iter().all(|pseudonym| pseudonym.is_ok() && *pseudonym == met[0]), "{met:?}");
        assert_eq!(store.people(id(number)).await.unwrap().len(), 1);
    }
}

async fn a_pseudonym_belongs_to_one_player_of_a_session(place: Place) {
    let store = place.claimed().await;
    store.meet(&person(1, "ann", 7)).await.unwrap();
    assert_eq!(store.meet(&person(1, "bob", 7)).await, Err(StoreError::PseudonymTaken(id(1))));
    assert_eq!(store.meet(&person(2, "bob", 7)).await, Ok(Pseudonym(7)), "another session has its own");
    assert_eq!(store.meet(&person(1, "bob", 8)).await, Ok(Pseudonym(8)));
}

async fn people_go_with_their_session_and_are_orphans_until_they_are_gone(place: Place) {
    let store = place.claimed().await;
    for number in [1, 2] {
        store.create_session(&session(number)).await.unwrap();
        store.meet(&person(number, "ann", 1)).await.unwrap();
        store.meet(&person(number, "bob", 2)).await.unwrap();
    }
    store.put_chunk(&chunk(1, 1, 10)).await.unwrap();
    assert_eq!(store.orphans().await.unwrap(), []);
    store.delete_session(id(1)).await.unwrap();
    assert_eq!(store.orphans().await.unwrap(), [id(1)]);
    store.delete_chunks(id(1), 9).await.unwrap();
    assert_eq!(store.orphans().await.unwrap(), [id(1)], "its people are still there");
    assert_eq!(store.delete_people(id(1)).await.unwrap(), 2);
    assert_eq!(store.delete_people(id(1)).await.unwrap(), 0);
    assert_eq!(store.orphans().await.unwrap(), []);
    assert_eq!(store.people(id(2)).await.unwrap().len(), 2);
}

async fn an_erased_person_is_gone_from_every_session_and_the_others_stay(place: Place) {
    let store = place.claimed().await;
    for number in [1, 2, 3] {
        store.create_session(&session(number)).await.unwrap();
        store.meet(&person(number, "ann", 1)).await.unwrap();
        store.meet(&person(number, "bob", 2)).await.unwrap();
    }
    store.meet(&person(3, "anna", 3)).await.unwrap();
    store.finish_session(&finish(1)).await.unwrap();
    let erased = place.eraser().erase(PlayerId::new("ann").unwrap()).await.unwrap();
    assert_eq!(erased.sessions, [id(1), id(2), id(3)]);
    assert_eq!(erased.live, [id(2), id(3)]);
    assert!(erased.is_wiped);
    assert_eq!(store.people(id(1)).await.unwrap(), [person(1, "bob", 2)]);
    assert_eq!(store.people(id(3)).await.unwrap(), [person(3, "anna", 3), person(3, "bob", 2)]);
    assert_eq!(store.meet(&person(2, "ann", 9)).await, Ok(Pseudonym(9)), "whoever comes back is a stranger");
}

async fn erasing_is_counted_and_goes_on_beside_the_owner(place: Place) {
    let store = place.claimed().await;
    assert_eq!(store.erasures().await.unwrap(), 0);
    let eraser = place.eraser();
    let nobody = eraser.erase(PlayerId::new("nobody").unwrap()).await.unwrap();
    assert_eq!((nobody.sessions, nobody.live), (Vec::new(), Vec::new()));
    for row_no in 1..=20 {
        store.append(&row(row_no, b"body")).await.unwrap();
        store.meet(&person(1, "ann", row_no)).await.unwrap();
        assert_eq!(eraser.erase(PlayerId::new("ann").unwrap()).await.unwrap().sessions, [id(1)]);
        store.put_chunk(&chunk(1, row_no as u32, row_no as u32)).await.unwrap();
    }
    assert_eq!(store.erasures().await.unwrap(), 21);
    assert_eq!(store.row_numbers().await.unwrap().len(), 20);
}

async fn a_faulty_store_tells_of_people_it_did_not_write_down(place: Place) {
    let store = FaultyStore::new(place.claimed().await);
    let faults = store.faults();
    faults.set(Fault::Full);
    assert!(matches!(store.meet(&person(1, "ann", 1)).await, Err(StoreError::Full(_))));
    faults.set(Fault::FailingAfterwards);
    assert!(matches!(store.meet(&person(1, "ann", 1)).await, Err(StoreError::Failing(_))));
    faults.lift();
    assert_eq!(
        store.meet(&person(1, "ann", 2)).await,
        Ok(Pseudonym(1)),
        "it was written in spite of the error"
    );
}
