/**
 * A way to a PostgreSQL server that does what networks and poolers do: falls silent without a word,
 * or refuses a connection for what it asks for.
 */
import { connect, createServer, type Socket } from "node:net";

export interface PostgresProxy extends Disposable {
  /** The URL of a database of the server, by way of this. */
  readonly url: (database: string) => string;
  /** Connections made so far. */
  readonly connections: () => number;
  /** From now on nothing passes, in neither direction, on the connections that there are. */
  readonly silence: () => void;
}

export interface PostgresProxyOptions {
  readonly port: number;
  /** The message with which a connection is refused that asks for a parameter of the session. */
  readonly refusal?: string;
}

export async function startPostgresProxy(options: PostgresProxyOptions): Promise<PostgresProxy> {
  const open = new Set<Socket>();
  let connections = 0;
  const server = createServer((client) => {
    connections++;
    const upstream = connect(options.port, "127.0.0.1");
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        open.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.once("data", (startup: Buffer) => {
      if (options.refusal !== undefined && startup.includes("statement_timeout")) {
        return void client.end(refusal(options.refusal));
      }
      upstream.write(startup);
      client.pipe(upstream);
      upstream.pipe(client);
    });
  });
  const listening = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", listening.resolve);
  await listening.promise;
  const { port } = server.address() as { readonly port: number };
  return {
    url: (database) => database.replace(`127.0.0.1:${options.port}`, `127.0.0.1:${port}`),
    connections: () => connections,
    silence: () => {
      for (const socket of open) {
        socket.unpipe();
        socket.pause();
      }
    },
    [Symbol.dispose]: () => {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}

/** An ErrorResponse, as PgBouncer's to a startup parameter that it does not pass on. */
function refusal(message: string): Buffer {
  const fields = Buffer.from(`SFATAL\0VFATAL\0C08P01\0M${message}\0\0`);
  const head = Buffer.alloc(5);
  head.write("E");
  head.writeInt32BE(fields.length + 4, 1);
  return Buffer.concat([head, fields]);
}
