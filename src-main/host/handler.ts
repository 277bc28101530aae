/** The one type between the engine and its hosts: a web-standard handler. */

/** 'local': the command line over the socket, may send paths; 'window': a page, names folders by id only. */
export type ClientTrust = 'local' | 'window';

/** What a host knows about the client behind a request. */
export type EngineClient = { trust: ClientTrust };

/** The engine, as every host sees it. Hosts have already checked who asks. */
export type EngineHandler = (request: Request, client: EngineClient) => Promise<Response>;
