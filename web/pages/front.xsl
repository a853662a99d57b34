<?xml version="1.0" encoding="UTF-8"?>
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:m="urn:inkan:messages"
                xmlns:i="urn:inkan:functions" exclude-result-prefixes="m i">

    <!-- Front page, discovery: before anybody is logged in. -->

    <xsl:template match="front" mode="title"><m:t k="front.page"/></xsl:template>
    <xsl:template match="front" mode="main">
        <div class="hero">
            <div class="hero-words">
                <h1><m:t k="front.title"/></h1>
                <p class="lead"><m:t k="front.lead"/></p>
                <xsl:choose>
                    <xsl:when test="$frame/person">
                        <p class="actions"><a class="button main" href="/certificates"><m:t k="front.to-certificates"/></a></p>
                    </xsl:when>
                    <xsl:when test="last-idp">
                        <p class="actions">
                            <a class="button main with-logo" href="/login?idp={i:query(last-idp/@entity)}&amp;return=/certificates">
                                <xsl:for-each select="last-idp[starts-with(@logo, '/logo/')]"><xsl:call-template name="logo"/></xsl:for-each>
                                <span><m:t k="front.continue" name="i:name(last-idp)"/></span>
                            </a>
                            <a class="button" href="/login?return=/certificates"><m:t k="front.other"/></a>
                        </p>
                    </xsl:when>
                    <xsl:otherwise>
                        <p class="actions"><a class="button main" href="/login?return=/certificates"><m:t k="front.login"/></a></p>
                    </xsl:otherwise>
                </xsl:choose>
            </div>
            <img class="hero-seal" src="static:seal.svg" alt="" width="220" height="220"/>
        </div>
        <p class="front-lost"><m:t k="front.lost"><m:with name="link"><a href="/revoke"><m:t k="front.lost.link"/></a></m:with></m:t></p>
        <section class="how" aria-labelledby="how">
            <h2 id="how"><m:t k="front.how"/></h2>
            <ol class="three">
                <li>
                    <svg viewBox="0 0 160 100" width="160" height="100" aria-hidden="true">
                        <rect x="30" y="12" width="100" height="76" rx="6" class="paper"/>
                        <path d="M44 32h46M44 46h60M44 60h34" class="line"/>
                        <rect x="88" y="66" width="30" height="13" rx="6.5" class="accent"/>
                    </svg>
                    <h3><m:t k="front.step1"/></h3>
                    <p><m:t k="front.step1.text"/></p>
                </li>
                <li>
                    <svg viewBox="0 0 160 100" width="160" height="100" aria-hidden="true">
                        <rect x="18" y="26" width="72" height="50" rx="5" class="paper"/>
                        <path d="m20 30 34 24 34-24" class="line"/>
                        <rect x="78" y="44" width="66" height="34" rx="6" class="paper"/>
                        <path d="M90 61h.01M101 61h.01M112 61h.01M123 61h.01M133 61h.01" class="dots accent-line"/>
                    </svg>
                    <h3><m:t k="front.step2"/></h3>
                    <p><m:t k="front.step2.text"/></p>
                </li>
                <li>
                    <svg viewBox="0 0 160 100" width="160" height="100" aria-hidden="true">
                        <rect x="24" y="18" width="84" height="56" rx="5" class="paper"/>
                        <path d="M14 82h104" class="line"/>
                        <rect x="106" y="34" width="34" height="54" rx="6" class="paper"/>
                        <circle cx="66" cy="46" r="15" class="accent"/>
                        <path d="m59 46.5 5 5 9.5-10" class="cut"/>
                    </svg>
                    <h3><m:t k="front.step3"/></h3>
                    <p><m:t k="front.step3.text"/></p>
                </li>
            </ol>
        </section>
        <div class="two">
            <section>
                <h2><m:t k="front.need"/></h2>
                <ul>
                    <li><m:t k="front.need.account"/></li>
                    <li><m:t k="front.need.mail"/></li>
                    <li><m:t k="front.need.device"/></li>
                </ul>
                <p><a href="/login/needs"><m:t k="front.need.sent"/></a></p>
            </section>
            <section>
                <h2><m:t k="front.for"/></h2>
                <ul>
                    <li><m:t k="front.for.client"/></li>
                    <li><m:t k="front.for.smime"/></li>
                </ul>
                <p><a href="/ca"><m:t k="front.ca"/></a></p>
            </section>
        </div>
    </xsl:template>

    <xsl:template match="discovery" mode="title"><m:t k="discovery.title"/></xsl:template>
    <xsl:template match="discovery" mode="main">
        <p class="back"><a href="/"><m:t k="back.front"/></a></p>
        <h1><m:t k="discovery.title"/></h1>
        <xsl:if test="@none">
            <div class="warning" id="none">
                <xsl:call-template name="icon-warn"/>
                <div>
                    <p><strong><m:t k="discovery.none.title"/></strong></p>
                    <p>
                        <m:t k="discovery.none.text">
                            <m:with name="again">
                                <a>
                                    <xsl:attribute name="href">/login?return=<xsl:choose><xsl:when test="@return"><xsl:value-of select="i:query(@return)"/></xsl:when><xsl:otherwise>/certificates</xsl:otherwise></xsl:choose></xsl:attribute>
                                    <m:t k="discovery.none.again"/>
                                </a>
                            </m:with>
                        </m:t>
                    </p>
                </div>
            </div>
        </xsl:if>
        <p><m:t k="discovery.lead"/></p>
        <form class="search" method="get" action="/discovery" role="search" id="search">
            <label for="q"><m:t k="discovery.search"/></label>
            <p class="hint" id="q-hint"><m:t k="discovery.search.hint"/><span id="q-keys" hidden="hidden"><xsl:text> </xsl:text><m:t k="discovery.search.keys"/></span></p>
            <div class="field-row">
                <input type="search" id="q" name="q" value="{@query}" maxlength="100" autocomplete="off" autocapitalize="off"
                       spellcheck="false" enterkeyhint="search" aria-describedby="q-hint" data-search="results" autofocus="autofocus"/>
                <xsl:if test="@return"><input type="hidden" name="return" value="{@return}"/></xsl:if>
                <xsl:if test="@none"><input type="hidden" name="none" value="1"/></xsl:if>
                <button type="submit"><m:t k="discovery.search.button"/></button>
            </div>
        </form>
        <p class="unseen" role="status" id="heard"/>
        <div id="results">
            <xsl:if test="last-idp and not(@query)">
                <section aria-labelledby="last">
                    <h2 id="last"><m:t k="discovery.last"/></h2>
                    <ul class="idps"><xsl:apply-templates select="last-idp"/></ul>
                </section>
            </xsl:if>
            <section aria-labelledby="all">
                <div class="found">
                    <h2 id="all">
                        <xsl:choose>
                            <xsl:when test="@query"><m:t k="discovery.found"/></xsl:when>
                            <xsl:otherwise><m:t k="discovery.all"/></xsl:otherwise>
                        </xsl:choose>
                    </h2>
                    <p id="count">
                        <xsl:choose>
                            <xsl:when test="not(idp)"><m:t k="discovery.count.0"/></xsl:when>
                            <xsl:when test="@total = 1"><m:t k="discovery.count.1"/></xsl:when>
                            <xsl:otherwise><m:t k="discovery.count" n="@total"/></xsl:otherwise>
                        </xsl:choose>
                    </p>
                </div>
                <xsl:choose>
                    <xsl:when test="idp"><ul class="idps" id="idps"><xsl:apply-templates select="idp"/></ul></xsl:when>
                    <xsl:when test="@query">
                        <div class="nothing">
                            <p><strong><m:t k="discovery.nothing" query="@query"/></strong></p>
                            <ul>
                                <li><m:t k="discovery.nothing.part"/></li>
                                <li><m:t k="discovery.nothing.domain"/></li>
                            </ul>
                        </div>
                    </xsl:when>
                    <xsl:otherwise><p class="nothing"><m:t k="discovery.empty"/></p></xsl:otherwise>
                </xsl:choose>
                <xsl:if test="@more"><p class="hint" id="more"><m:t k="discovery.more" n="@more"/></p></xsl:if>
                <xsl:if test="@query">
                    <p>
                        <a id="show-all">
                            <xsl:attribute name="href">/discovery<xsl:if test="@return">?return=<xsl:value-of select="i:query(@return)"/></xsl:if></xsl:attribute>
                            <m:t k="discovery.show-all"/>
                        </a>
                    </p>
                </xsl:if>
            </section>
        </div>
        <section class="aside" aria-labelledby="missing">
            <h2 id="missing"><m:t k="discovery.missing"/></h2>
            <p><m:t k="discovery.missing.text"/></p>
            <p><m:t k="discovery.missing.service"/></p>
            <div class="card ask"><xsl:call-template name="helpdesk"/></div>
        </section>
    </xsl:template>

    <xsl:template match="idp | last-idp">
        <xsl:variable name="first" select="self::last-idp and not(preceding-sibling::last-idp)"/>
        <li>
            <a>
                <xsl:attribute name="class">idp<xsl:if test="$first"> last</xsl:if></xsl:attribute>
                <xsl:attribute name="href">
                    <xsl:text>/login?idp=</xsl:text><xsl:value-of select="i:query(@entity)"/>
                    <xsl:if test="../@return">&amp;return=<xsl:value-of select="i:query(../@return)"/></xsl:if>
                </xsl:attribute>
                <xsl:call-template name="logo"/>
                <span class="idp-name">
                    <xsl:choose>
                        <xsl:when test="$first"><m:t k="front.continue" name="i:name(.)"/></xsl:when>
                        <xsl:otherwise><xsl:value-of select="i:name(.)"/></xsl:otherwise>
                    </xsl:choose>
                </span>
            </a>
        </li>
    </xsl:template>

    <!-- The picture of an IdP; where there is none, the first letter of its name. -->
    <xsl:template name="logo">
        <xsl:choose>
            <xsl:when test="starts-with(@logo, '/logo/')"><span class="logo"><img src="{@logo}" alt="" width="88" height="44" loading="lazy" decoding="async"/></span></xsl:when>
            <xsl:otherwise><span class="logo tile" aria-hidden="true"><xsl:value-of select="i:initial(i:name(.))"/></span></xsl:otherwise>
        </xsl:choose>
    </xsl:template>
</xsl:stylesheet>
