# syntax=docker/dockerfile:1
# One image for every process of the mesh: `weft producer`, `weft worker` and the command line.
# Node runs the TypeScript sources as they lie in the workspace; only the dashboard is built.
ARG NODE_TAG=24.21.0-bookworm-slim

# Only what decides about dependencies, so that a change of the sources does not install them again.
FROM docker.io/library/node:${NODE_TAG} AS manifests
WORKDIR /weft
COPY . .
RUN mkdir /manifests \
 && cp --parents package.json pnpm-lock.yaml pnpm-workspace.yaml apps/*/package.json packages/*/package.json /manifests

# Without optional dependencies: an own Node and an embedded Postgres are for machines that have neither.
FROM docker.io/library/node:${NODE_TAG} AS dependencies
WORKDIR /weft
COPY --from=manifests /manifests ./
RUN --mount=type=cache,target=/root/.npm --mount=type=cache,target=/pnpm-store \
    npx -y pnpm@12.21.0 install --filter '@weft/cli...' --prod --frozen-lockfile --no-optional \
      --store-dir=/pnpm-store --package-import-method=copy

# The dashboard alone is built: browsers run no TypeScript.
FROM docker.io/library/node:${NODE_TAG} AS dashboard
WORKDIR /weft
COPY --from=manifests /manifests ./
RUN --mount=type=cache,target=/root/.npm --mount=type=cache,target=/pnpm-store \
    npx -y pnpm@12.21.0 install --filter '@weft/dashboard...' --frozen-lockfile \
      --store-dir=/pnpm-store --package-import-method=copy
COPY . .
RUN node apps/dashboard/build/main.ts

FROM docker.io/library/node:${NODE_TAG}
WORKDIR /weft
ENV NODE_ENV=production \
    NODE_COMPILE_CACHE=/weft/node_modules/.cache/node-compile \
    WEFT_HEALTH_PORT=4401
COPY --from=dependencies /weft ./
COPY . .
COPY --from=dashboard /weft/apps/dashboard/dist apps/dashboard/dist
RUN ln -s /weft/apps/cli/src/main.ts /usr/local/bin/weft && chmod +x apps/cli/src/main.ts \
 && mkdir -p "$NODE_COMPILE_CACHE" && chown node:node "$NODE_COMPILE_CACHE"
USER node
# Compiled code is kept by user, hence here: containers start faster with it, and need less memory.
RUN node scripts/warm-up.ts
EXPOSE 4400
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["node", "scripts/healthy.mjs"]
ENTRYPOINT ["node", "apps/cli/src/main.ts"]
CMD ["--help"]
