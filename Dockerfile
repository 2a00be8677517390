# syntax=docker/dockerfile:1
# Targets: api and worker. Each holds its bundle and the native code that cannot be bundled, nothing else.
FROM node:24-slim AS build
WORKDIR /build
COPY . .
RUN npm ci && npm run build

FROM node:24-slim AS process
ENV NODE_ENV=production MODE=queue
WORKDIR /app
# A volume mounted here keeps uploads; everything else lives in Postgres and Redis.
RUN mkdir /data && chown node:node /data
ENV SLUICE_HOME=/data
# The authorities of RDS and Aurora, which no system has.
COPY infra/certificates/rds.pem /etc/ssl/rds.pem
ENV NODE_EXTRA_CA_CERTS=/etc/ssl/rds.pem
USER node
# Exec form: node is process 1 and gets SIGTERM itself.
CMD ["node", "main.js"]

FROM process AS api
COPY --from=build /build/dist/api ./
ENV HOST=0.0.0.0 PORT=3000
EXPOSE 3000
HEALTHCHECK --interval=5s --timeout=3s --start-period=20s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/api/v1/ping`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]

FROM process AS worker
COPY --from=build /build/dist/worker ./
ENV WORKER_PORT=5566
EXPOSE 5566
HEALTHCHECK --interval=5s --timeout=3s --start-period=20s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.WORKER_PORT}/healthz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
