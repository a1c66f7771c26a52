// A real OpenID provider for the tests. Whoever signs in as NAME has the subject NAME and one of these addresses.
import Provider from 'oidc-provider';

const port = Number(process.argv[2]);
const people = {
  rina: { email: 'superadmin@demo.test', email_verified: true },
  // Another person who claims the same address.
  palsu: { email: 'superadmin@demo.test', email_verified: true },
  // An address that nobody has proven.
  liar: { email: 'sistem@demo.test', email_verified: false },
  asing: { email: 'tidak.ada@demo.test', email_verified: true },
  budi: { email: 'Admin.Dinkes@demo.test', email_verified: true },
};

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{
    client_id: 'meja',
    client_secret: 'rahasia-uji-yang-panjang-sekali',
    redirect_uris: ['http://desk.test/masuk/sso/kembali'],
  }],
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
  findAccount: (_, id) => people[id] && { accountId: id, claims: () => ({ sub: id, ...people[id] }) },
});
provider.listen(port, '127.0.0.1');
