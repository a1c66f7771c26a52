//! `meja user …` and `meja token …`.

use crate::app;
use crate::cli::{Failed, Outcome};
use crate::config::Config;
use crate::desk::Desk;
use crate::desk::people::By;
use crate::domain::people::{Grant, Role, Scope};
use crate::error::Error;

/// Commands on accounts.
#[derive(Debug, clap::Subcommand)]
pub enum UserCommand {
    /// Add an account; prints a one-time sign-in link
    Add {
        /// Address
        email: String,
        /// Full name
        #[arg(long)]
        name: String,
        /// Role, or role@AGENCY; may be repeated
        #[arg(long = "role", value_name = "ROLE[@AGENCY]")]
        roles: Vec<String>,
    },
    /// Print a new one-time sign-in link
    Link {
        /// Address
        email: String,
    },
    /// List accounts
    List,
    /// Forbid an account to do anything; ends its sessions
    Disable {
        /// Address
        email: String,
    },
    /// Allow a disabled account again what its roles allow
    Enable {
        /// Address
        email: String,
    },
    /// Give a role; ends the account's sessions
    Grant {
        /// Address
        email: String,
        /// Role, or role@AGENCY
        #[arg(value_name = "ROLE[@AGENCY]")]
        role: String,
    },
    /// Take a role; ends the account's sessions
    Revoke {
        /// Address
        email: String,
        /// Role, or role@AGENCY
        #[arg(value_name = "ROLE[@AGENCY]")]
        role: String,
    },
}

/// Commands on tokens.
#[derive(Debug, clap::Subcommand)]
pub enum TokenCommand {
    /// Make an API token; it is printed once
    Create {
        /// Address of its owner
        #[arg(long, value_name = "EMAIL")]
        user: String,
        /// `read` or `write`
        #[arg(long, value_name = "S")]
        scope: String,
        /// Limit it to the tickets of one agency
        #[arg(long, value_name = "CODE")]
        agency: Option<String>,
    },
}

/// Runs a command on accounts.
pub async fn user(command: UserCommand, config: &Config) -> Outcome {
    let desk = app::desk(config).await?;
    match command {
        UserCommand::Add { email, name, roles } => {
            let grants = roles.iter().map(|text| grant(text)).collect::<Result<Vec<_>, _>>()?;
            desk.add_account(&email, &name, None, &grants).await?;
            tell!("{}", desk.sign_in_link(&email).await?);
        }
        UserCommand::Link { email } => tell!("{}", desk.sign_in_link(&email).await?),
        UserCommand::List => {
            for (account, grants) in desk.accounts().await? {
                let roles: Vec<String> = grants
                    .iter()
                    .map(|grant| {
                        grant
                            .agency
                            .as_ref()
                            .map_or(grant.role.to_string(), |agency| format!("{}@{agency}", grant.role))
                    })
                    .collect();
                let state = if account.active { "aktif" } else { "nonaktif" };
                tell!("{}\t{}\t{state}\t{}", account.email, account.name, roles.join(" "));
            }
        }
        UserCommand::Disable { email } => desk.disable_account(&email).await?,
        UserCommand::Enable { email } => desk.set_account_active(&By::Console, key(&desk, &email).await?, true).await?,
        UserCommand::Grant { email, role } => {
            desk.give_role(&By::Console, key(&desk, &email).await?, &grant(&role)?).await?;
        }
        UserCommand::Revoke { email, role } => {
            desk.take_role(&By::Console, key(&desk, &email).await?, &grant(&role)?).await?;
        }
    }
    desk.db.close().await;
    Ok(())
}

async fn key(desk: &Desk, email: &str) -> Result<i64, Failed> {
    Ok(desk.account_key(Some(email)).await?.filter(|key| *key > 0).ok_or(Error::NotFound("account"))?)
}

fn grant(text: &str) -> Result<Grant, Failed> {
    let (role, agency) = text.split_once('@').map_or((text, None), |(role, agency)| (role, Some(agency.to_owned())));
    let role = role.parse::<Role>().map_err(|_| {
        let known = Role::ALL.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(", ");
        Failed::Input(format!("--role: {role:?} tidak dikenal; pilih dari {known}"))
    })?;
    Ok(Grant { role, agency })
}

/// Runs a command on tokens.
pub async fn token(command: TokenCommand, config: &Config) -> Outcome {
    let TokenCommand::Create { user, scope, agency } = command;
    let scope = scope.parse::<Scope>().map_err(|_| Failed::Input("--scope: pilih read atau write".to_owned()))?;
    let desk = app::desk(config).await?;
    tell!("{}", desk.add_token(&user, "cli", scope, agency.as_deref()).await?);
    desk.db.close().await;
    Ok(())
}
