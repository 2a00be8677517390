/** A Redis that a flow names itself. */
export interface RedisPlace {
  host: string;
  port: number;
  username: string | undefined;
  password: string | undefined;
  db: number;
  /** Over TLS, its certificate verified. */
  tls: boolean;
}

/** Connections to such servers, shared by the runs of a process and guarded like requests are. */
export interface RedisClients {
  /** Sends commands one after another; rejects with the first that fails. */
  call(place: RedisPlace, commands: string[][], signal: AbortSignal): Promise<unknown[]>;
}
