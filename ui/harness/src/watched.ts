/** Counts the searches of a page that are not over yet: `data-searches` of the document's root. */
let open = 0;

function count(step: number): void {
    open += step;
    document.documentElement.dataset.searches = String(open);
}
count(0);

/** A page that is going to search counts as searching until it does. */
let isExpected = false;

export function expectSearch(): void {
    isExpected = true;
    count(1);
}

interface Observer {
    next(value: unknown): void;
    error(problem: unknown): void;
    complete(): void;
}

type Request = (given?: unknown) => (observer?: Observer) => () => void;

/** The same source of data, whose requests count. */
export function watched<T>(source: T | undefined): T {
    if (!source) throw new Error('The preset has no such data source.');
    const Parent = source as unknown as new (...given: unknown[]) => { request: Request };
    class Watched extends Parent {
        request = (given?: unknown) => {
            const subscribe = Parent.prototype.request.call(this, given) as ReturnType<Request>;
            return (observer?: Observer) => {
                let over = false;
                const end = () => {
                    if (!over) count(-1);
                    over = true;
                };
                count(isExpected ? 0 : 1);
                isExpected = false;
                const unsubscribe = subscribe({
                    next: (value) => observer?.next(value),
                    error: (problem) => {
                        end();
                        observer?.error(problem);
                    },
                    complete: () => {
                        end();
                        observer?.complete();
                    },
                });
                return () => {
                    end();
                    unsubscribe();
                };
            };
        };
    }
    return Watched as unknown as T;
}
