//! How the client's terminal is set, for the one in the guest (RFC 4254, 8).

use rustix::termios::{ControlModes, InputModes, LocalModes, OutputModes, SpecialCodeIndex, Termios};

use crate::wire::Reader;

const CHARACTERS: [(u8, SpecialCodeIndex); 15] = [
    (1, SpecialCodeIndex::VINTR),
    (2, SpecialCodeIndex::VQUIT),
    (3, SpecialCodeIndex::VERASE),
    (4, SpecialCodeIndex::VKILL),
    (5, SpecialCodeIndex::VEOF),
    (6, SpecialCodeIndex::VEOL),
    (7, SpecialCodeIndex::VEOL2),
    (8, SpecialCodeIndex::VSTART),
    (9, SpecialCodeIndex::VSTOP),
    (10, SpecialCodeIndex::VSUSP),
    (12, SpecialCodeIndex::VREPRINT),
    (13, SpecialCodeIndex::VWERASE),
    (14, SpecialCodeIndex::VLNEXT),
    (16, SpecialCodeIndex::VSWTC),
    (18, SpecialCodeIndex::VDISCARD),
];
const INPUT: [(u8, InputModes); 13] = [
    (30, InputModes::IGNPAR),
    (31, InputModes::PARMRK),
    (32, InputModes::INPCK),
    (33, InputModes::ISTRIP),
    (34, InputModes::INLCR),
    (35, InputModes::IGNCR),
    (36, InputModes::ICRNL),
    (37, InputModes::IUCLC),
    (38, InputModes::IXON),
    (39, InputModes::IXANY),
    (40, InputModes::IXOFF),
    (41, InputModes::IMAXBEL),
    (42, InputModes::IUTF8),
];
const LOCAL: [(u8, LocalModes); 12] = [
    (50, LocalModes::ISIG),
    (51, LocalModes::ICANON),
    (52, LocalModes::XCASE),
    (53, LocalModes::ECHO),
    (54, LocalModes::ECHOE),
    (55, LocalModes::ECHOK),
    (56, LocalModes::ECHONL),
    (57, LocalModes::NOFLSH),
    (58, LocalModes::TOSTOP),
    (59, LocalModes::IEXTEN),
    (60, LocalModes::ECHOCTL),
    (61, LocalModes::ECHOKE),
];
const OUTPUT: [(u8, OutputModes); 6] = [
    (70, OutputModes::OPOST),
    (71, OutputModes::OLCUC),
    (72, OutputModes::ONLCR),
    (73, OutputModes::OCRNL),
    (74, OutputModes::ONOCR),
    (75, OutputModes::ONLRET),
];
/// Speeds and what lies above mean nothing here.
const MOST_WITH_A_NUMBER: u8 = 159;
/// A character that is switched off.
const NONE: u32 = 255;

/// Sets what is known of it, up to what is not understood.
pub fn apply(encoded: &[u8], termios: &mut Termios) {
    let mut reader = Reader::new(encoded);
    while let Ok(code @ 1..=MOST_WITH_A_NUMBER) = reader.byte() {
        let Ok(value) = reader.u32() else { return };
        let is_on = value != 0;
        if let Some((_, index)) = CHARACTERS.iter().find(|(known, _)| *known == code) {
            termios.special_codes[*index] = if value == NONE { 0 } else { value as u8 };
        } else if let Some((_, mode)) = INPUT.iter().find(|(known, _)| *known == code) {
            termios.input_modes.set(*mode, is_on);
        } else if let Some((_, mode)) = LOCAL.iter().find(|(known, _)| *known == code) {
            termios.local_modes.set(*mode, is_on);
        } else if let Some((_, mode)) = OUTPUT.iter().find(|(known, _)| *known == code) {
            termios.output_modes.set(*mode, is_on);
        }
    }
    // A terminal that is none carries whole bytes.
    termios.control_modes.insert(ControlModes::CS8 | ControlModes::CREAD);
}
