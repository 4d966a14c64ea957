//! Clients that mean no good, or do not know better: each is bounded, and others are served meanwhile.

mod beginning;
mod floods;
mod raw;
mod seats;
mod sizes;
mod slow;
mod unread;
