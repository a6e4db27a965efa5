//! Accounts: each of their turns is one commit.

use akt::prelude::*;

use crate::bank::v1::{self as bank, Balance, Money, Refused, Transfer};

/// An account. Its state, what it sends to others and what it answers are committed together: a crash leaves all of a turn,
/// or nothing.
#[derive(Default)]
pub struct Account {
    state: Balance,
}

#[akt::grain(kind = "account", key = u64, gates, state = Balance, passivate = "1m")]
impl bank::Account for Account {
    fn open(&mut self, money: Money) -> Balance {
        self.state.cents += money.cents;
        self.state.clone()
    }

    fn send(&mut self, transfer: Transfer, cx: &mut Ctx<Self>) -> Result<Balance, Refused> {
        let Transfer { number, to, cents } = transfer;
        let Some(left) = self.state.cents.checked_sub(cents) else {
            return Err(Refused { missing: cents - self.state.cents });
        };
        self.state.cents = left;
        self.state.sent.push(number);
        // Leaves once this turn is committed, and arrives once.
        cx.deliver(Self::grain(cx.system(), to).receive(Money { cents }));
        Ok(self.state.clone())
    }

    fn receive(&mut self, money: Money) {
        self.state.cents += money.cents;
    }

    fn view(&self, (): ()) -> Balance {
        self.state.clone()
    }
}
