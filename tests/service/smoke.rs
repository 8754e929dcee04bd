//! The harness against the server: a match is joined, played, left and ended.

use combat_protocol::close::CloseCode;
use combat_protocol::codec::Encoding;

use crate::harness::player::{Manner, Player};
use crate::harness::rest::duel_box;
use crate::harness::server::Server;

#[tokio::test]
async fn two_players_of_both_encodings_walk_and_shoot_and_one_leaves() {
    let server = Server::start().await;
    let session = server.service().create(&duel_box()).await;
    let mut ann = Player::join(&server, &session, "ann").await.with_manner(Manner::Fight);
    let mut bob = Player::join_in(&server, &session, "bob", Encoding::Json).await.with_manner(Manner::Walk);
    let began = std::time::Instant::now();
    while began.elapsed().as_secs() < 4 {
        let (ann, bob) = tokio::join!(ann.turn(), bob.turn());
        ann.unwrap();
        bob.unwrap();
    }
    eprintln!(
        "ann {:?} {} {} {:?}",
        ann.client.counters(),
        ann.claims_sent,
        ann.attacks_sent,
        ann.record.corrections
    );
    eprintln!("bob {:?} {} {:?}", bob.client.counters(), bob.claims_sent, bob.record.corrections);
    eprintln!("{:?}", ann.record.verdicts.len());
    assert_eq!(ann.client.counters().corrections, 0);
    bob.leave().await;
    bob.play_until_closed().await.expect(CloseCode::Left);
    server.service().end(&session).await.expect(200);
    ann.play_until_closed().await.expect(CloseCode::SessionEnded);
}
