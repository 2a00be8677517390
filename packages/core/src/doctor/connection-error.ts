export interface Explained {
  message: string;
  remedy: string;
}

const authority = {
  message: "its certificate is signed by an authority that is not known here",
  remedy: "give the authority's certificate: REDIS_CA=$(base64 -w0 ca.pem)",
};
const wantsCertificate = {
  message: "it wants a certificate of ours, or does not take the one it got",
  remedy: "REDIS_CERT=$(base64 -w0 client.pem) REDIS_KEY=$(base64 -w0 client.key)",
};
const byCode: Record<string, Explained> = {
  ECONNREFUSED: {
    message: "nothing listens there",
    remedy: "start Redis, or correct host and port in REDIS_URL or REDIS_HOST and REDIS_PORT",
  },
  ENOTFOUND: { message: "the host has no address", remedy: "correct the host in REDIS_URL" },
  EAI_AGAIN: {
    message: "the host could not be resolved",
    remedy: "correct the host in REDIS_URL, or this machine's name server",
  },
  ETIMEDOUT: {
    message: "no answer",
    remedy: "let this machine through: security group or firewall, port of Redis",
  },
  SELF_SIGNED_CERT_IN_CHAIN: authority,
  DEPTH_ZERO_SELF_SIGNED_CERT: authority,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: authority,
  UNABLE_TO_GET_ISSUER_CERT: authority,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: authority,
  CERT_HAS_EXPIRED: {
    message: "its certificate has expired",
    remedy: "renew the certificate of the Redis server",
  },
  CERT_NOT_YET_VALID: {
    message: "its certificate is not valid yet",
    remedy: "set the clock of this machine or of the one that made the certificate",
  },
  CERT_REVOKED: { message: "its certificate was revoked", remedy: "renew the certificate" },
};

/** Why Redis could not be reached, in words, and what to do. */
export function explainRedisError(
  error: NodeJS.ErrnoException,
  tls?: { cert?: unknown } | undefined,
): Explained {
  // A transaction that is discarded tells what was refused beside its own error.
  const [refused] = (error as { previousErrors?: Error[] }).previousErrors ?? [];
  if (refused) return explainRedisError(refused, tls);
  const code = error.code ?? "";
  const known = byCode[code];
  if (known) return known;
  const text = error.message;
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID")
    return {
      message: `its certificate is for another name (${text.replace(/^.*?altnames: /, "")})`,
      remedy: "use a name that stands in the certificate as host of REDIS_URL",
    };
  if (/certificate required|handshake failure|bad certificate|unknown ca/i.test(text))
    return wantsCertificate;
  if (/no answer to the TLS|wrong version number|packet length too long|EPROTO/i.test(text))
    return {
      message: "it does not speak TLS on this port",
      remedy: "use redis:// in REDIS_URL, or REDIS_TLS=false, or the port for TLS",
    };
  if (/WRONGPASS|invalid username-password|NOAUTH|invalid password/i.test(text))
    return {
      message: "user or password are not accepted",
      remedy: "correct them in REDIS_URL, or REDIS_USERNAME and REDIS_PASSWORD",
    };
  if (/NOPERM/.test(text))
    return {
      message: `the user may not do everything that is needed (${text})`,
      remedy:
        "ACL SETUSER <user> +@read +@write +@connection +@transaction +@pubsub +@scripting -@dangerous +info +time +cluster|slots +cluster|info, with the keys and channels of docs/redis.md",
    };
  if (/^OOM /.test(text))
    return {
      message: "its memory is full",
      remedy: "more memory (CONFIG SET maxmemory), or lower REMOVE_ON_AGE and REMOVE_ON_COUNT",
    };
  const isClosed = /ECONNRESET|EPIPE|closed|Protocol error/i.test(`${code} ${text}`);
  // Under TLS 1.3 the server's word for it often comes after what we have written, and is lost with the connection.
  if (isClosed && tls && !tls.cert) return wantsCertificate;
  if (isClosed)
    return {
      message: "it closed the connection at once",
      remedy: "if it wants TLS, use rediss:// in REDIS_URL or REDIS_TLS=true",
    };
  if (/timed? ?out/i.test(text)) return byCode.ETIMEDOUT!;
  return { message: text, remedy: "correct REDIS_URL or the REDIS_ variables" };
}
