//! Background tasks: every one has a name, and a panic in one is reported.

use std::{future::Future, panic::AssertUnwindSafe, sync::Arc};

use futures_util::FutureExt;
use tokio::task::JoinHandle;

use crate::account::Accounts;

/// Runs `task` in the background. A panic is logged and counted under `name`.
pub(crate) fn spawn(name: &'static str, accounts: Arc<Accounts>, task: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
    tokio::spawn(async move {
        if AssertUnwindSafe(task).catch_unwind().await.is_err() {
            accounts.task_failed(name);
            tracing::error!(task = name, "background task panicked: this is a bug, please report it");
        }
    })
}
