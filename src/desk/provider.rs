//! The identity provider of other offices (OpenID Connect): where to send people, and who came back.
//!
//! Only the authorization code flow with PKCE. What the provider says of itself is read when it is first needed, so the
//! desk starts and works without it.

use crate::error::{Error, Result, Say};
use chrono::{DateTime, Duration, Utc};
use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreIdTokenClaims, CoreProviderMetadata, CoreTokenResponse, CoreUserInfoClaims,
};
use openidconnect::{
    AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointMaybeSet, EndpointNotSet, EndpointSet, HttpRequest,
    HttpResponse, IssuerUrl, Nonce, OAuth2TokenResponse as _, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope,
    TokenResponse as _,
};
use std::pin::Pin;
use std::sync::Mutex;
use std::sync::PoisonError;

/// What the provider says of itself is asked again after so long.
const KNOWN: Duration = Duration::hours(1);
/// Longest answer of the provider that is read, in bytes.
const LARGEST: usize = 1 << 20;
/// The provider must answer within so long.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);

type Fetched = std::result::Result<HttpResponse, Failed>;

type Client =
    CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

/// The provider of the settings.
#[derive(Debug)]
pub struct Provider {
    /// What stands on the button.
    pub label: String,
    /// Its address as it names itself.
    pub issuer: String,
    client_id: ClientId,
    client_secret: ClientSecret,
    redirect: RedirectUrl,
    http: reqwest::Client,
    known: Mutex<Option<(CoreProviderMetadata, DateTime<Utc>)>>,
}

/// Where somebody is sent, and what must be kept until they come back.
#[derive(Debug)]
pub struct Departure {
    /// The page of the provider.
    pub url: String,
    /// What comes back with them.
    pub state: String,
    /// What their identity must carry.
    pub nonce: String,
    /// What proves that we asked.
    pub verifier: String,
}

/// Who came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Their key at the provider; it never changes hands.
    pub subject: String,
    /// Their address, if the provider has proven it. Lower case.
    pub email: Option<String>,
}

/// Why the provider could not be asked, for the log.
#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error(transparent)]
    Http(#[from] reqwest::Error),
    #[error("the answer is too large")]
    TooLarge,
    #[error(transparent)]
    Odd(#[from] openidconnect::http::Error),
}

impl Provider {
    /// A provider; it is not asked anything yet.
    ///
    /// # Errors
    /// An address is malformed.
    pub fn new(issuer: &str, client_id: &str, secret: &str, label: &str, public_url: &str) -> Result<Self> {
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(PATIENCE)
            .build()
            .map_err(|error| Error::Internal(error.into()))?;
        Ok(Self {
            label: label.to_owned(),
            issuer: issuer.to_owned(),
            client_id: ClientId::new(client_id.to_owned()),
            client_secret: ClientSecret::new(secret.to_owned()),
            redirect: RedirectUrl::new(format!("{public_url}/masuk/sso/kembali"))
                .map_err(|error| Error::Internal(error.into()))?,
            http,
            known: Mutex::new(None),
        })
    }

    /// Where to send somebody now.
    ///
    /// # Errors
    /// `Unavailable` when the provider does not answer.
    pub async fn depart(&self, now: DateTime<Utc>) -> Result<Departure> {
        let client = self.client(self.metadata(now).await?);
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let flow = CoreAuthenticationFlow::AuthorizationCode;
        let (url, state, nonce) = client
            .authorize_url(flow, CsrfToken::new_random, Nonce::new_random)
            .add_scope(Scope::new("email".to_owned()))
            .add_scope(Scope::new("profile".to_owned()))
            .set_pkce_challenge(challenge)
            .url();
        Ok(Departure {
            url: url.to_string(),
            state: state.into_secret(),
            nonce: nonce.secret().clone(),
            verifier: verifier.into_secret(),
        })
    }

    /// Who brings this code.
    ///
    /// # Errors
    /// `Denied` when the code is not good or the identity does not prove itself; `Unavailable` when the provider does
    /// not answer.
    pub async fn arrive(&self, code: &str, nonce: &str, verifier: &str, now: DateTime<Utc>) -> Result<Identity> {
        let client = self.client(self.metadata(now).await?);
        let http = self.asking();
        let exchange = client.exchange_code(AuthorizationCode::new(code.to_owned())).map_err(refused)?;
        let verifier = PkceCodeVerifier::new(verifier.to_owned());
        let tokens = exchange.set_pkce_verifier(verifier).request_async(&http).await.map_err(refused)?;
        let nonce = Nonce::new(nonce.to_owned());
        let claims = match verified(&client, &tokens, &nonce) {
            Ok(claims) => claims,
            // The provider may have changed its keys within the hour.
            Err(_) => {
                self.forget();
                verified(&self.client(self.metadata(now).await?), &tokens, &nonce)?
            }
        };
        let subject = claims.subject().clone();
        let mut email = proven(claims.email().map(|email| email.as_str()), claims.email_verified());
        if claims.email().is_none()
            && let Ok(request) = client.user_info(tokens.access_token().clone(), Some(subject.clone()))
        {
            let more: CoreUserInfoClaims = request.request_async(&http).await.map_err(refused)?;
            email = proven(more.email().map(|email| email.as_str()), more.email_verified());
        }
        Ok(Identity { subject: subject.to_string(), email })
    }

    fn client(&self, metadata: CoreProviderMetadata) -> Client {
        let (id, secret) = (self.client_id.clone(), Some(self.client_secret.clone()));
        CoreClient::from_provider_metadata(metadata, id, secret).set_redirect_uri(self.redirect.clone())
    }

    async fn metadata(&self, now: DateTime<Utc>) -> Result<CoreProviderMetadata> {
        let kept = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((metadata, at)) = kept
            && now - at < KNOWN
        {
            return Ok(metadata);
        }
        let issuer = IssuerUrl::new(self.issuer.clone()).map_err(|error| Error::Internal(error.into()))?;
        let http = self.asking();
        let metadata = CoreProviderMetadata::discover_async(issuer, &http).await.map_err(|error| {
            tracing::warn!(issuer = self.issuer, %error, "the identity provider cannot be read");
            Error::Unavailable(error.into())
        })?;
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some((metadata.clone(), now));
        Ok(metadata)
    }

    /// What asks the provider.
    fn asking(&self) -> impl Fn(HttpRequest) -> Pin<Box<dyn Future<Output = Fetched> + Send>> + use<> {
        let http = self.http.clone();
        move |request| Box::pin(fetch(http.clone(), request))
    }

    fn forget(&self) {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// What the identity says, when signature, issuer, audience, time and nonce are right.
fn verified(client: &Client, tokens: &CoreTokenResponse, nonce: &Nonce) -> Result<CoreIdTokenClaims> {
    let token = tokens.id_token().ok_or_else(|| refused("no identity came with the code"))?;
    let claims = token.claims(&client.id_token_verifier(), nonce).map_err(refused)?;
    Ok(claims.clone())
}

/// An address counts only when the provider has proven it.
fn proven(email: Option<&str>, verified: Option<bool>) -> Option<String> {
    email.filter(|_| verified == Some(true)).map(|email| email.trim().to_lowercase())
}

/// The cause is for the operator; people are told that it did not work.
fn refused(cause: impl std::fmt::Display) -> Error {
    tracing::warn!(%cause, "an identity was refused");
    Error::Denied(Say::new("error-sso-refused"))
}

/// Asks the provider. No redirects, no endless answers.
async fn fetch(http: reqwest::Client, request: HttpRequest) -> Fetched {
    let mut response = http.execute(request.try_into()?).await?;
    let mut answer = openidconnect::http::Response::builder().status(response.status());
    for (name, value) in response.headers() {
        answer = answer.header(name, value);
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > LARGEST {
            return Err(Failed::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(answer.body(body)?)
}
