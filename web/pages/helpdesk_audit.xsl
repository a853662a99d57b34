<?xml version="1.0" encoding="UTF-8"?>
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:m="urn:inkan:messages"
                xmlns:i="urn:inkan:functions" exclude-result-prefixes="m i">

    <!-- What happened: of a request, of a person, of an institution; by days, who did what, from where, and what it meant. -->

    <xsl:key name="event-day" match="event" use="substring(@at, 1, 10)"/>

    <!-- All <event> of the page. -->
    <xsl:template name="trail">
        <xsl:for-each select="event[generate-id() = generate-id(key('event-day', substring(@at, 1, 10))[1])]">
            <section class="trail-day">
                <h3><xsl:call-template name="day"><xsl:with-param name="at" select="@at"/></xsl:call-template></h3>
                <ol class="history trail">
                    <xsl:apply-templates select="key('event-day', substring(@at, 1, 10))" mode="trail"/>
                </ol>
            </section>
        </xsl:for-each>
    </xsl:template>

    <xsl:template match="event" mode="trail">
        <li class="event-{@what}">
            <time datetime="{@at}"><xsl:value-of select="i:clock(@at)"/></time>
            <span class="event-what">
                <strong><m:t k="history.{@what}"/></strong>
                <xsl:if test="not(i:has('history.', @what))"><xsl:text> </xsl:text><code><xsl:value-of select="@what"/></code></xsl:if>
                <xsl:if test="@key-origin"><small><m:t k="origin.{@key-origin}"/></small></xsl:if>
                <xsl:if test="i:has('trail.means.', @what)"><span class="sub"><m:t k="trail.means.{@what}"/></span></xsl:if>
                <xsl:apply-templates select="." mode="trail-more"/>
            </span>
            <span class="event-who">
                <xsl:call-template name="trail-who"/>
                <xsl:if test="@address"><span class="sub mono"><xsl:value-of select="@address"/></span></xsl:if>
            </span>
        </li>
    </xsl:template>

    <!-- What only this event has. -->
    <xsl:template match="event" mode="trail-more">
        <xsl:if test="@number and not(/desk-request)">
            <span class="sub">
                <a href="/helpdesk/requests/{@number}"><m:t k="number" number="@number"/></a>
                <xsl:if test="owner and not(/desk-history)"><xsl:text> · </xsl:text><a href="/helpdesk/people/{owner/@id}"><xsl:value-of select="i:name(owner)"/></a></xsl:if>
                <xsl:if test="institution"><xsl:text> · </xsl:text><xsl:value-of select="i:name(institution)"/></xsl:if>
            </span>
        </xsl:if>
        <xsl:if test="institution and not(@number)"><span class="sub"><xsl:value-of select="i:name(institution)"/></span></xsl:if>
        <xsl:if test="@reason"><span class="sub"><m:t k="trail.reason"><m:with name="reason"><m:t k="revoke.reason.{@reason}"/></m:with></m:t></span></xsl:if>
        <xsl:if test="@was and @is and @was != @is">
            <span class="sub"><m:t k="trail.step"><m:with name="from"><xsl:value-of select="i:message('state.', @was)"/></m:with><m:with name="to"><xsl:value-of select="i:message('state.', @is)"/></m:with></m:t></span>
        </xsl:if>
        <xsl:if test="@note"><span class="sub"><m:t k="trail.note" note="@note"/></span></xsl:if>
        <xsl:if test="@refusal"><span class="sub"><m:t k="refusal.said" words="@refusal"/></span></xsl:if>
        <xsl:if test="@serial"><span class="sub"><m:t k="fact.serial"/><xsl:text> </xsl:text><code class="break"><xsl:value-of select="@serial"/></code></span></xsl:if>
        <xsl:for-each select="told"><span class="sub mono break"><xsl:value-of select="."/></span></xsl:for-each>
    </xsl:template>

    <!-- In the institution's list a name leads to all that this one did. -->
    <xsl:template name="trail-who">
        <xsl:choose>
            <xsl:when test="/desk-audit and @actor"><a href="/helpdesk/audit?actor={i:query(@actor)}"><xsl:call-template name="trail-name"/></a></xsl:when>
            <xsl:otherwise><xsl:call-template name="trail-name"/></xsl:otherwise>
        </xsl:choose>
    </xsl:template>
    <xsl:template name="trail-name">
        <xsl:choose>
            <xsl:when test="@who = 'me' or not(@name)"><m:t k="trail.who.{@who}"/></xsl:when>
            <xsl:otherwise><m:t k="trail.named.{@who}" name="i:name(.)"/></xsl:otherwise>
        </xsl:choose>
    </xsl:template>

    <!-- The lives of a request's certificates on one scale, from the application to the last end; the words beside say the same. -->
    <xsl:template name="lives">
        <xsl:variable name="begin" select="request/@applied-at"/>
        <xsl:variable name="end">
            <xsl:for-each select="certificate | previous | renewal"><xsl:sort select="@not-after" order="descending"/><xsl:if test="position() = 1"><xsl:value-of select="@not-after"/></xsl:if></xsl:for-each>
        </xsl:variable>
        <xsl:if test="certificate">
            <section aria-labelledby="lives">
                <h2 id="lives"><m:t k="trail.lives"/></h2>
                <ol class="lives">
                    <xsl:for-each select="previous | certificate">
                        <xsl:sort select="@not-before"/>
                        <xsl:variable name="from" select="i:life($begin, string($end), @not-before)"/>
                        <xsl:variable name="to" select="i:life($begin, string($end), @not-after)"/>
                        <xsl:variable name="stop">
                            <xsl:choose><xsl:when test="@revoked-at"><xsl:value-of select="i:life($begin, string($end), @revoked-at)"/></xsl:when><xsl:otherwise><xsl:value-of select="$to"/></xsl:otherwise></xsl:choose>
                        </xsl:variable>
                        <li>
                            <svg class="life tall" width="100%" height="14" aria-hidden="true">
                                <rect class="life-rail" x="0" y="5" width="100%" height="4"/>
                                <rect class="life-end" x="{$from}%" y="1" width="{$to - $from}%" height="12"/>
                                <rect class="life-good" x="{$from}%" y="1" height="12"><xsl:attribute name="width"><xsl:choose><xsl:when test="$stop - $from &gt; 1"><xsl:value-of select="$stop - $from"/></xsl:when><xsl:otherwise>1</xsl:otherwise></xsl:choose>%</xsl:attribute></rect>
                                <rect class="life-today" x="{i:life($begin, string($end), $now)}%" y="0" width="2" height="14"/>
                            </svg>
                            <span>
                                <m:t k="trail.life"><m:with name="from"><xsl:call-template name="day"><xsl:with-param name="at" select="@not-before"/></xsl:call-template></m:with><m:with name="until"><xsl:call-template name="day"><xsl:with-param name="at" select="@not-after"/></xsl:call-template></m:with></m:t>
                                <xsl:text> · </xsl:text><strong><m:t k="certificate.{@state}"/></strong>
                                <xsl:if test="@revoked-at"><xsl:text> (</xsl:text><xsl:call-template name="moment"><xsl:with-param name="at" select="@revoked-at"/></xsl:call-template><xsl:text>)</xsl:text></xsl:if>
                                <xsl:text> · </xsl:text><m:t k="revoke.serial" last="substring(@serial, string-length(@serial) - 3)"/>
                            </span>
                        </li>
                    </xsl:for-each>
                </ol>
                <p class="hint"><m:t k="trail.lives.hint"/></p>
            </section>
        </xsl:if>
    </xsl:template>

    <xsl:template name="trail-kinds">
        <div class="field">
            <label for="kind"><m:t k="trail.kind"/></label>
            <select id="kind" name="kind">
                <option value=""><m:t k="trail.kind.all"/></option>
                <xsl:for-each select="kind">
                    <optgroup label="{i:message('trail.kind.', @kind)}">
                        <option value="{@kind}"><xsl:if test="@chosen"><xsl:attribute name="selected">selected</xsl:attribute></xsl:if><m:t k="trail.kind.whole"><m:with name="kind"><xsl:value-of select="i:message('trail.kind.', @kind)"/></m:with></m:t></option>
                        <xsl:for-each select="one">
                            <option value="{@what}"><xsl:if test="@chosen"><xsl:attribute name="selected">selected</xsl:attribute></xsl:if><xsl:value-of select="i:message('history.', @what)"/></option>
                        </xsl:for-each>
                    </optgroup>
                </xsl:for-each>
            </select>
        </div>
    </xsl:template>

    <xsl:template name="trail-pages">
        <h2 class="unseen"><m:t k="detail.history"/></h2>
        <xsl:if test="not(event)"><p class="nothing"><m:t k="trail.none"/></p></xsl:if>
        <xsl:call-template name="trail"/>
        <xsl:if test="@next or @later">
            <p class="table-links">
                <xsl:if test="@later"><a href="{@first}"><m:t k="trail.newest"/></a><xsl:text> </xsl:text></xsl:if>
                <xsl:if test="@next"><a rel="next" href="{@next}"><m:t k="trail.older"/></a></xsl:if>
            </p>
        </xsl:if>
    </xsl:template>

    <!-- Of an institution -->
    <xsl:template match="desk-audit" mode="title"><m:t k="trail.title"/></xsl:template>
    <xsl:template match="desk-audit" mode="main">
        <xsl:call-template name="desk-nav"/>
        <h1><m:t k="trail.title"/></h1>
        <p class="lead"><m:t k="trail.lead"/></p>
        <form method="get" action="/helpdesk/audit" class="desk-search">
            <div class="desk-fields">
                <div class="field"><label for="from"><m:t k="trail.from"/></label><input type="date" id="from" name="from" value="{@from}"/></div>
                <div class="field"><label for="until"><m:t k="trail.until"/></label><input type="date" id="until" name="until" value="{@until}"/></div>
                <xsl:call-template name="trail-kinds"/>
                <div class="field"><label for="request"><m:t k="fact.number"/></label><input type="text" id="request" name="request" value="{@request}" inputmode="numeric" maxlength="18"/></div>
                <xsl:if test="choice">
                    <div class="field">
                        <label for="institution"><m:t k="desk.institution"/></label>
                        <select id="institution" name="institution">
                            <option value=""><m:t k="desk.any"/></option>
                            <xsl:for-each select="choice">
                                <option value="{@id}"><xsl:if test="@chosen"><xsl:attribute name="selected">selected</xsl:attribute></xsl:if><xsl:value-of select="i:name(.)"/></option>
                            </xsl:for-each>
                        </select>
                    </div>
                </xsl:if>
            </div>
            <xsl:if test="@actor"><input type="hidden" name="actor" value="{@actor}"/></xsl:if>
            <p class="actions"><button type="submit" class="main"><m:t k="trail.show"/></button></p>
        </form>
        <xsl:if test="@actor">
            <p class="notice">
                <span>
                    <m:t k="trail.only">
                        <m:with name="who">
                            <xsl:choose>
                                <xsl:when test="actor"><strong><xsl:for-each select="actor"><xsl:call-template name="trail-name"/></xsl:for-each></strong></xsl:when>
                                <xsl:otherwise><code><xsl:value-of select="@actor"/></code></xsl:otherwise>
                            </xsl:choose>
                        </m:with>
                    </m:t>
                    <xsl:text> </xsl:text><a href="{@anybody}"><m:t k="trail.anybody"/></a>
                </span>
            </p>
        </xsl:if>
        <xsl:call-template name="trail-pages"/>
        <section class="aside" aria-labelledby="files">
            <h2 id="files"><m:t k="trail.files"/></h2>
            <p><m:t k="trail.files.text" most="@most"/></p>
            <ul class="downloads">
                <li><a href="{@tsv}" download="audit.tsv"><m:t k="trail.tsv"/></a></li>
                <li><a href="{@jsonl}" download="audit.jsonl"><m:t k="trail.jsonl"/></a></li>
            </ul>
        </section>
        <section class="aside" aria-labelledby="proof">
            <h2 id="proof"><m:t k="trail.proof"/></h2>
            <p id="head">
                <xsl:choose>
                    <xsl:when test="head/@seq">
                        <m:t k="trail.proof.head" seq="head/@seq" last="head/@last"><m:with name="at"><xsl:call-template name="moment"><xsl:with-param name="at" select="head/@at"/></xsl:call-template></m:with></m:t>
                    </xsl:when>
                    <xsl:otherwise><m:t k="trail.proof.none"/></xsl:otherwise>
                </xsl:choose>
            </p>
            <p class="hint"><m:t k="trail.proof.how"><m:with name="command"><code><xsl:value-of select="'inkan audit verify'"/></code></m:with></m:t></p>
        </section>
    </xsl:template>

    <!-- Of a person -->
    <xsl:template match="desk-history" mode="title"><m:t k="trail.person"><m:with name="name"><xsl:value-of select="i:name(found)"/></m:with></m:t></xsl:template>
    <xsl:template match="desk-history" mode="main">
        <xsl:call-template name="back"><xsl:with-param name="href" select="concat('/helpdesk/people/', found/@id)"/><xsl:with-param name="words"><m:t k="desk.back.person"/></xsl:with-param></xsl:call-template>
        <h1><m:t k="trail.person"><m:with name="name"><xsl:value-of select="i:name(found)"/></m:with></m:t></h1>
        <p class="lead"><m:t k="trail.person.lead"/></p>
        <form method="get" action="/helpdesk/people/{found/@id}/history" class="desk-search">
            <xsl:call-template name="trail-kinds"/>
            <p class="actions"><button type="submit"><m:t k="trail.show"/></button></p>
        </form>
        <xsl:call-template name="trail-pages"/>
    </xsl:template>
</xsl:stylesheet>
