use super::*;

#[test]
fn a_failure_fits_its_frame_whatever_it_quotes() {
    let message = Stop::failed("io", "\u{1}".repeat(5000)).message().unwrap();
    assert!(matches!(message, Message::Failed(_)));
    assert!(message.encode().len() > 1000);
}

#[test]
fn a_problem_fits_its_frame_however_long_its_path() {
    let (_to_thread, from_host) = tokio::sync::mpsc::channel(1);
    let (to_host, mut from_thread) = tokio::sync::mpsc::channel(1);
    let mut wire = Wire::new(from_host, to_host);
    wire.tell(Code::Limit, &[b'x'; 100_000], "\u{1}".repeat(5000)).unwrap();
    wire.flush().unwrap();
    let mut reader = FrameReader::<Type>::default();
    reader.push(&from_thread.try_recv().unwrap());
    let (kind, payload) = reader.next_raw().unwrap().unwrap();
    let Ok(Message::Problem(problem)) = Message::parse(kind, payload) else { panic!("not a problem") };
    assert_eq!((problem.path.len(), problem.message.len()), (MAX_PATH_BYTES, MAX_MESSAGE_BYTES));
}
